import Foundation
import Glibc
import Ingest
import SystemPackage

/// Whether cameras can be used: libgphoto2's drivers, the rules and the group that let a user at them, and what is plugged in.
struct CameraDoctor: Sendable {
  func findings() async -> [DoctorFinding] {
    [drivers(), rules(), group()] + (await cameras())
  }

  private func drivers() -> DoctorFinding {
    var roots: [String] = []
    for root in ["/usr/lib", "/usr/lib64", "/usr/local/lib"] {
      roots.append("\(root)/libgphoto2")
      for architecture in Self.names(in: root) { roots.append("\(root)/\(architecture)/libgphoto2") }
    }
    let drivers = roots.flatMap { (root: String) -> [String] in
      Self.names(in: root).map { "\(root)/\($0)/ptp2.so" }
    }
    let found = drivers.first { FileManager.default.isReadableFile(atPath: $0) }
    guard let found else {
      return .problem(
        "libgphoto2", "Its driver for PTP cameras is not found.",
        "Install libgphoto2: apt-get install libgphoto2-6")
    }
    return .good("libgphoto2", found)
  }

  private func rules() -> DoctorFinding {
    let folders = [
      "/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d",
      "/lib/udev/rules.d",
    ]
    let rules = folders.flatMap { folder in Self.names(in: folder).map { "\(folder)/\($0)" } }.first {
      $0.hasSuffix("/60-pixcheese.rules") || $0.contains("libgphoto2")
    }
    guard let rules else {
      return .note(
        "udev", "No udev rule gives PTP cameras to users.",
        "make install places one; until then only root can use a camera on USB.")
    }
    return .good("udev", rules)
  }

  private func group() -> DoctorFinding {
    if geteuid() == 0 { return .good("plugdev", "root may use every camera.") }
    guard let group = getgrnam("plugdev")?.pointee.gr_gid else {
      return .note(
        "plugdev", "This system has no group plugdev.",
        "Its desktop gives cameras to whoever sits at it; a service needs a rule of its own.")
    }
    var groups = [gid_t](repeating: 0, count: 1024)
    let count = Int(getgroups(Int32(groups.count), &groups))
    guard groups.prefix(max(0, count)).contains(group) else {
      return .note(
        "plugdev", "This user is not in the group plugdev.",
        "Where cameras are refused: sudo usermod -aG plugdev $USER, and log in again.")
    }
    return .good("plugdev", "This user is in it.")
  }

  private func cameras() async -> [DoctorFinding] {
    let survey = CameraSurvey()
    do {
      let found = try await survey.findings(for: [.auto])
      guard !found.isEmpty else {
        return [
          .note("camera", "None is found on USB.", "Plug one in, switch it on, and set its USB mode to PTP.")
        ]
      }
      return found.map { camera in
        let name = "\(camera.port) \(camera.model ?? "?")"
        return camera.problem.map { .problem("camera", "\(name): \($0)", "pixcheese cameras says more.") }
          ?? .good("camera", name)
      }
    } catch {
      return [
        .problem(
          "camera", "Cameras cannot be looked for: \(Text.harmless(String(describing: error)))",
          "Install libgphoto2 and libusb.")
      ]
    }
  }

  /// What is in a folder; nothing for one that is not there.
  private static func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
  }
}
