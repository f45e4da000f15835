public import Foundation
import Glibc

/// A process that we started, in a group of its own, with a pipe to it and one from it.
public struct PipedProcess: Sendable {
  public let process: ChildProcess
  /// The end that we write to. Whoever started it closes it.
  public let input: Int32
  /// The end that we read from. Whoever started it closes it.
  public let output: Int32

  /// Starts a program; what it has open besides the pipes, up to the highest of their numbers, is `/dev/null`.
  /// - Parameters:
  ///   - arguments: the program first, as for `ChildProcess`.
  ///   - environment: all of its variables.
  ///   - reads: the descriptor that it reads from us with.
  ///   - writes: the descriptors that it writes to us with.
  /// - Throws: `StartFailure`.
  public static func start(
    _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
    reads: Int32 = 0, writes: [Int32]
  ) throws(StartFailure) -> PipedProcess {
    let inputs = try DescriptorPipe()
    let outputs: DescriptorPipe
    do throws(StartFailure) {
      outputs = try DescriptorPipe()
    } catch {
      inputs.close()
      throw error
    }
    let highest = max(STDERR_FILENO, reads, writes.max() ?? 0)
    let descriptors = (0...highest).map { number in
      if number == reads { return ChildProcess.Descriptor.copy(of: inputs.output) }
      return writes.contains(number) ? .copy(of: outputs.input) : .nothing
    }
    do throws(StartFailure) {
      let process = try ChildProcess.start(arguments, environment: environment, descriptors: descriptors)
      for end in [inputs.output, outputs.input] { close(end) }
      return PipedProcess(process: process, input: inputs.input, output: outputs.output)
    } catch {
      for pipe in [inputs, outputs] { pipe.close() }
      throw error
    }
  }
}
