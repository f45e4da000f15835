import Foundation
import Model
import TestServers
import Testing

/// An independent tus server of PyPI, of the tests' environment; it ends with its owner, and with this process.
final class TusServerProcess {
  enum Kind: String, CaseIterable {
    /// `resumable-upload`: keeps the protocol's rules (412, 415, 460, checksums).
    case resumableUpload
    /// `tuspyserver`: bends them (no `Tus-Resumable` on its errors, among others).
    case tuspyserver
  }

  let port: UInt16
  let folder: TemporaryFolder
  private let process: ServerProcess

  /// The servers that the environment has.
  static let installed = Kind.allCases.filter(isInstalled)

  /// Whether the environment has a server.
  static func isInstalled(_ kind: Kind) -> Bool {
    TestEnvironment.hasPackages(
      kind == .resumableUpload ? ["resumable_upload"] : ["tuspyserver", "uvicorn"])
  }

  init(_ kind: Kind) async throws {
    folder = try TemporaryFolder()
    process = try ServerProcess(
      [try #require(TestEnvironment.python), "-c", Self.script, kind.rawValue, folder.path], in: folder)
    port = try #require(UInt16(try await process.firstLine()))
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

  private static let script = """
    import os, socket, sys
    kind, folder = sys.argv[1:3]
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
