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
    let actions: [Action]
  }
  struct Action: Encodable {
    let type: String
    let value: String
  }
  let actions: [Source]
}

struct SessionBody: Encodable {
  struct Capabilities: Encodable {
    let alwaysMatch: Match
  }
  struct Match: Encodable {
    let browserName: String
    let timeouts: [String: Int]
    let options: Options
    enum CodingKeys: String, CodingKey {
      case browserName, timeouts
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
