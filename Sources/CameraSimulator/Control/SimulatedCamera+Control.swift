import Foundation

extension SimulatedCamera {
  /// Does what a line says, on the calling thread, which a frame's drawing blocks: call it from a thread of
  /// your own. `quit` is answered and left to the caller.
  public func perform(line: String) -> ControlAnswer {
    do throws(CameraSimulatorError) {
      return try perform(try ControlCommand(line: line))
    } catch {
      return ControlAnswer(error)
    }
  }

  /// Does what a command says; see `perform(line:)`.
  /// - Throws: `CameraSimulatorError` if it cannot be done.
  public func perform(_ command: ControlCommand) throws(CameraSimulatorError) -> ControlAnswer {
    var answer = ControlAnswer()
    switch command {
    case .shoot(let count):
      var shots: [ControlAnswer.Taken] = []
      for _ in 0..<count { shots.append(ControlAnswer.Taken(try takeFrame(nil))) }
      answer.shots = shots
    case .list: answer.files = files
    case .status: answer.status = status
    case .fault(let fault): inject(fault)
    case .clear: clearFaults()
    case .battery(let percent): setBattery(percent)
    case .clock(let seconds): setClock(offset: seconds)
    case .format: try format()
    case .reinsert: reinsertCards()
    case .delete(let name): answer.count = try delete(name)
    case .protect(let name): answer.count = protect(name, true)
    case .unprotect(let name): answer.count = protect(name, false)
    case .rate(let name, let stars): answer.count = try rate(name, stars: stars)
    case .help: answer.help = ControlCommand.summary
    case .quit: break
    }
    return answer
  }

  private var files: [ControlAnswer.File] {
    withState { state in
      let onCards = state.cards.flatMap { card in
        card.handles.compactMap { card.object($0) }.filter { !$0.isFolder }
          .map {
            ControlAnswer.File(
              path: card.path(of: $0), bytes: $0.length, handle: $0.handle, protected: $0.isProtected)
          }
      }
      let inMemory = state.memory.map {
        ControlAnswer.File(
          path: $0.object.name, bytes: $0.object.length, handle: $0.handle, protected: false)
      }
      return onCards + inMemory
    }
  }

  private var status: ControlAnswer.Status {
    withState { state in
      ControlAnswer.Status(
        vendor: configuration.vendor.rawValue,
        model: configuration.model ?? configuration.vendor.defaultModel,
        serial: configuration.serialNumber, port: port, session: state.isSessionOpen,
        battery: state.batteryLevel, clock: ControlAnswer.Taken.text(state.now),
        files: state.cards.reduce(0) { $0 + $1.handles.count { state.object($0)?.isFolder == false } },
        memory: state.memory.count, free: state.cards[0].free)
    }
  }
}
