// The bodies of WebDriver's requests and answers, as `Browser` sends and reads them.

struct OpenBody: Encodable {
  let url: String
}

struct ScriptBody: Encodable {
  let script: String
  let args: [String]
}

struct RectBody: Encodable {
  let width: Int
  let height: Int
}

struct ActionsBody: Encodable {
  struct Source: Encodable {
    let type: String
    let id: String
    var parameters: [String: String]?
    let actions: [Action]
  }
  struct Action: Encodable {
    let type: String
    var value: String?
    var button: Int?
    var x: Int?
    var y: Int?
    /// In milliseconds.
    var duration: Int?
  }
  let actions: [Source]
}

struct DevtoolsBody<Parameters: Encodable>: Encodable {
  let cmd: String
  let params: Parameters
}

struct SessionBody: Encodable {
  struct Capabilities: Encodable {
    let alwaysMatch: Match
  }
  struct Match: Encodable {
    let browserName: String
    let timeouts: [String: Int]
    /// Which messages chromedriver keeps, and how loud they have to be.
    let logs: [String: String]
    let options: Options
    enum CodingKeys: String, CodingKey {
      case browserName, timeouts
      case logs = "goog:loggingPrefs"
      case options = "goog:chromeOptions"
    }
  }
  struct Options: Encodable {
    let binary: String
    let args: [String]
  }
  let capabilities: Capabilities
}

/// Every answer wraps its value in one key.
struct Valued<Value: Decodable>: Decodable {
  let value: Value
}

/// A value nobody looks at, of whatever shape.
struct Ignored: Codable {
  init(from decoder: any Decoder) throws {}
  func encode(to encoder: any Encoder) throws {}
}
