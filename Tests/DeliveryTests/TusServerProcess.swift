import Foundation
import Model
import Testing

/// An independent tus server of PyPI, run from a virtual environment; it ends with its owner, and with this process.
final class TusServerProcess {
  enum Kind: String, CaseIterable {
    /// `resumable-upload`: keeps the protocol's rules (412, 415, 460, checksums).
    case resumableUpload
    /// `tuspyserver`: bends them (no `Tus-Resumable` on its errors, among others).
    case tuspyserver
  }

  let port: UInt16
  let folder: TemporaryFolder
  private let process = Process()

  /// The python of the virtual environment that `scripts/test-venv.sh` makes, or of `PIXCHEESE_TEST_VENV`.
  static let python: String? = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let named = ProcessInfo.processInfo.environment["PIXCHEESE_TEST_VENV"]
    let folder = named ?? repository.appending(path: ".venv-test").path
    let python = folder + "/bin/python"
    return FileManager.default.isExecutableFile(atPath: python) ? python : nil
  }()

  /// The servers that the environment has.
  static let installed = Kind.allCases.filter(isInstalled)

  /// Whether the environment has a server.
  static func isInstalled(_ kind: Kind) -> Bool {
    guard let python else { return false }
    let library = URL(filePath: python).deletingLastPathComponent().deletingLastPathComponent().appending(
      path: "lib")
    let wanted = kind == .resumableUpload ? ["resumable_upload"] : ["tuspyserver", "uvicorn"]
    do {
      let versions = try FileManager.default.contentsOfDirectory(atPath: library.path)
      return versions.contains { version in
        wanted.allSatisfy { package in
          FileManager.default.fileExists(atPath: "\(library.path)/\(version)/site-packages/\(package)")
        }
      }
    } catch {
      return false
    }
  }

  init(_ kind: Kind) throws {
    folder = try TemporaryFolder()
    let output = Pipe()
    process.executableURL = URL(filePath: try #require(Self.python))
    process.arguments = ["-c", Self.script, kind.rawValue, folder.path]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      guard let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty else { break }
      line.append(byte)
    }
    port = try #require(UInt16(String(decoding: line.dropLast(), as: UTF8.self)))
  }

  deinit {
    // Not `waitUntilExit`: it turns a run loop on a thread that Swift's tasks share.
    kill(process.processIdentifier, SIGKILL)
  }

  /// How many files are stored, whole or not.
  func uploads() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: folder.path + "/files").count
  }

  /// How many stored files have exactly these bytes.
  func copies(of bytes: some DataProtocol) throws -> Int {
    let wanted = Data(bytes)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/files")
    return try names.count { name in
      // tuspyserver keeps a folder of locks and a description beside each upload.
      var isFolder: ObjCBool = false
      let path = folder.path + "/files/" + name
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
        return false
      }
      return try Data(contentsOf: URL(filePath: path)) == wanted
    }
  }

  /// Ends when its parent does, so that it never outlives the tests.
  private static let script = """
    import os, socket, sys, threading, time
    kind, folder = sys.argv[1:3]
    parent = os.getppid()
    def end_with_parent():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)
    threading.Thread(target=end_with_parent, daemon=True).start()
    files = os.path.join(folder, "files")
    if kind == "resumableUpload":
        from http.server import ThreadingHTTPServer
        from resumable_upload.server import TusHTTPRequestHandler, TusServer
        from resumable_upload.storage import SQLiteStorage
        class Handler(TusHTTPRequestHandler):
            tus_server = TusServer(
                storage=SQLiteStorage(db_path=os.path.join(folder, "uploads.db"), upload_dir=files),
                base_path="/files", checksum_algorithms=("sha1", "sha256"))
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_port, flush=True)
        server.serve_forever()
    else:
        import uvicorn
        from fastapi import FastAPI
        from tuspyserver import create_tus_router
        os.makedirs(files)
        app = FastAPI()
        app.include_router(create_tus_router(prefix="files", files_dir=files))
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listener])
    """
}

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory.appending(path: "pixcheese-delivery-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      Issue.record("\(path) is left behind: \(error)")
    }
  }
}
