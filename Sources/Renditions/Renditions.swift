// Renditions
