public import Curl
import Foundation
public import Model
public import ServiceLifecycle

/// Holds a client to what the timetable says, by the wall clock.
public struct LimitKeeper: Service {
  private let curl: CurlClient
  private let timetable: LimitTimetable

  public init(curl: CurlClient, timetable: LimitTimetable) {
    self.curl = curl
    self.timetable = timetable
  }

  /// Keeps the limit until the task is cancelled or the service group shuts down.
  public func run() async {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let now = Date()
        curl.setLimit(bytesPerSecond: timetable.limit(at: now)?.bytesPerSecond)
        // Entries begin with a minute.
        let next =
          timetable.isConstant ? 3600 : 60 - now.timeIntervalSince1970.truncatingRemainder(dividingBy: 60)
        do { try await Task.sleep(for: .seconds(next)) } catch { return }
      }
    }
  }
}
