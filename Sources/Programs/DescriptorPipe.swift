import CGNU
import Glibc

/// A pipe to or from a child, which no other child inherits, not even one that is started at the same moment.
///
/// Its ends have numbers from 10 on: never those that a child knows them by, nor the standard ones where our own are
/// closed. Whoever opens it closes both ends.
public struct DescriptorPipe: Sendable {
  /// The end that is read from.
  public let output: Int32
  /// The end that is written to.
  public let input: Int32

  /// - Throws: `StartFailure` with the code `pipe`.
  public init() throws(StartFailure) {
    var ends: [Int32] = [-1, -1]
    guard gnu_pipe(&ends) == 0 else { throw StartFailure(.pipe, number: errno) }
    let copies = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
    let number = errno
    for end in ends { Glibc.close(end) }
    guard copies.allSatisfy({ $0 >= 0 }) else {
      for copy in copies where copy >= 0 { Glibc.close(copy) }
      throw StartFailure(.pipe, number: number)
    }
    (output, input) = (copies[0], copies[1])
  }

  /// Closes both ends.
  public func close() {
    Glibc.close(output)
    Glibc.close(input)
  }
}
