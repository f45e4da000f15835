// GPhoto
