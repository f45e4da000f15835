// CameraSimulator
