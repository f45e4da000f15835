import Synchronization

/// Takes the place of libgphoto2's `gp_log_data`: writes no log, and tells `TransferWatch` and `ReceptionSignal` what passes
/// by.
///
/// libgphoto2_port 2.5.30 writes every byte that a camera sends into a hexadecimal dump before it looks whether
/// anybody reads its log (`gphoto2-port-log.c`): 40 % of a download's CPU time, measured with `perf`. The function is
/// called through the dynamic symbol table, where the program's own definition comes before the library's. It is
/// variadic in C; the arguments that are not named here are not looked at, which C's calling conventions on x86-64 and
/// AArch64 allow. Other logging (`gp_log`) is not touched.
@c(gp_log_data)
public func takeLogData(
  domain: UnsafePointer<CChar>?, bytes: UnsafePointer<CChar>?, count: CUnsignedInt,
  format: UnsafePointer<CChar>?
) {
  ReceptionSignal.shared.noteReading(Int(count))
  TransferWatch.shared.withLock { watch in
    guard watch.isOn, let domain, let bytes, let format,
      let entry = TransferWatch.Entry(function: String(cString: domain), format: String(cString: format))
    else { return }
    watch.note(entry, UnsafeRawBufferPointer(start: bytes, count: Int(count)))
  }
}
