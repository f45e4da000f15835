/// What `pixcheese doctor` found of one thing.
struct DoctorFinding: Encodable, Sendable {
  enum State: String, Encodable, Sendable {
    case good
    /// Works, and could be better.
    case note
    /// Something will not work.
    case problem
  }

  /// What was looked at, in a word that stays: scripts may look for it.
  let check: String
  let state: State
  /// What it is like, in a sentence.
  let finding: String
  /// What to do; `nil` where nothing needs to be done.
  let remedy: String?

  static func good(_ check: String, _ finding: String) -> DoctorFinding {
    DoctorFinding(check: check, state: .good, finding: finding, remedy: nil)
  }

  static func note(_ check: String, _ finding: String, _ remedy: String?) -> DoctorFinding {
    DoctorFinding(check: check, state: .note, finding: finding, remedy: remedy)
  }

  static func problem(_ check: String, _ finding: String, _ remedy: String) -> DoctorFinding {
    DoctorFinding(check: check, state: .problem, finding: finding, remedy: remedy)
  }
}
