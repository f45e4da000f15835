import GPhoto

extension CameraSurvey {
  /// What a worker may take beside the time for the shutter: a full card is slow to list.
  private static let checkPatience = Duration.seconds(420)

  /// Tries cameras step by step, one after the other: somebody has to release their shutters.
  /// - Parameters:
  ///   - selections: `auto` stands for every PTP device on USB.
  ///   - shutter: how long a frame is waited for.
  ///   - say: told what the person is to do.
  /// - Throws: `TetherError` with `.noUSB` where USB cannot be looked at.
  public func checkups(
    of selections: [CameraSelection], shutter: Duration, say: @escaping @Sendable (String) -> Void
  ) async throws(TetherError) -> [CameraCheckup] {
    var ports: [CameraPort] = []
    for selection in selections {
      switch selection {
      case .port(let port): ports.append(port)
      case .auto: ports += try await attached().filter(\.isPTP).map(\.port)
      }
    }
    var checkups: [CameraCheckup] = []
    for port in ports { checkups.append(await check(port, shutter: shutter, say: say)) }
    return checkups
  }

  private func check(
    _ port: CameraPort, shutter: Duration, say: @escaping @Sendable (String) -> Void
  ) async -> CameraCheckup {
    let (worker, messages) = start(
      at: port, ["--check", String(shutter.components.seconds)])
    return await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // Cut short when the worker has ended: then there is nothing left to kill.
        try? await Task.sleep(for: shutter + Self.checkPatience)
        worker.kill()
      }
      defer { group.cancelAll() }
      var checkup = CameraCheckup(camera: port.description, steps: [])
      for await message in messages {
        switch message {
        case .report(.checked(var step)):
          step.detail = DisplayName.line(step.detail)
          checkup.steps.append(step)
        case .report(.lost(let loss)):
          checkup.steps.append(
            CheckStep(step: .open, verdict: .failed, detail: DisplayName.line(loss.message), milliseconds: 0))
        case .report(.warning(_, let message)): say("\(port): \(DisplayName.line(message))")
        case .report, .ended: continue
        case .nonsense: worker.kill()
        }
      }
      return checkup
    }
  }
}
