import Foundation

/// The API's description, as far as answers are compared with it.
struct OpenAPI {
  private let root: YAMLNode

  init(yaml: String) { root = YAMLNode(yaml: yaml) }

  /// `METHOD /path` to the statuses that it lists.
  var operations: [String: Set<Int>] {
    var operations: [String: Set<Int>] = [:]
    for path in root["paths"]?.keys ?? [] {
      for method in root["paths"]?[path]?.keys ?? [] {
        let statuses = root["paths"]?[path]?[method]?["responses"]?.keys.compactMap { Int($0) }
        operations["\(method.uppercased()) \(path)"] = Set(statuses ?? [])
      }
    }
    return operations
  }

  /// The names of a schema's properties.
  func properties(of schema: String) -> Set<String> {
    Set(named(schema)?["properties"]?.keys ?? [])
  }

  /// One of `components/schemas`.
  func named(_ schema: String) -> YAMLNode? { root["components"]?["schemas"]?[schema] }

  /// What an answer's JSON has to be; `nil` where nothing is said of it.
  func schema(of operation: String, status: Int) -> YAMLNode? {
    let words = operation.split(separator: " ").map(String.init)
    let response = resolved(root["paths"]?[words[1]]?[words[0].lowercased()]?["responses"]?[String(status)])
    let content = response?["content"]
    return (content?["application/json"] ?? content?["application/problem+json"])?["schema"]
  }

  /// In what a value is not as its schema says.
  func faults(in value: JSONValue, as schema: YAMLNode, at place: String = "") -> [String] {
    guard let schema = resolved(schema) else { return ["\(place): its schema is not there"] }
    let types = schema["type"]?.texts ?? []
    guard value.types.contains(where: types.contains) else {
      return ["\(place): is \(value.types[0]) and not \(types.joined(separator: " or "))"]
    }
    switch value {
    case .object(let members):
      let required = Set(schema["required"]?.texts ?? [])
      let described = schema["properties"]
      return required.subtracting(members.keys).sorted().map { "\(place): lacks \($0)" }
        + members.sorted { $0.key < $1.key }.flatMap { key, member in
          described?[key].map { faults(in: member, as: $0, at: "\(place)/\(key)") }
            ?? ["\(place): has \(key), which is not described"]
        }
    case .array(let members):
      guard let items = schema["items"] else { return ["\(place): its items are not described"] }
      return members.enumerated().flatMap { faults(in: $1, as: items, at: "\(place)/\($0)") }
    case .text(let text):
      guard let pattern = schema["pattern"]?.text else { return [] }
      return text.range(of: pattern, options: .regularExpression) == nil ? ["\(place): is \(text)"] : []
    case .null, .flag, .integer, .number: return []
    }
  }

  private func resolved(_ node: YAMLNode?) -> YAMLNode? {
    guard let reference = node?["$ref"]?.text else { return node }
    return reference.split(separator: "/").dropFirst().reduce(root) { node, key in node?[String(key)] }
  }
}

/// A value of JSON, with what kinds it is of.
enum JSONValue: Decodable {
  case null
  case flag(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let integer = try? container.decode(Int64.self) {
      self = .integer(integer)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let array = try? container.decode([JSONValue].self) {
      self = .array(array)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// JSON Schema's names of its type, the nearest first.
  var types: [String] {
    switch self {
    case .null: ["null"]
    case .flag: ["boolean"]
    case .integer: ["integer", "number"]
    case .number: ["number"]
    case .text: ["string"]
    case .array: ["array"]
    case .object: ["object"]
    }
  }

  var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }
}
