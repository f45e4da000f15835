import CameraSimulator

