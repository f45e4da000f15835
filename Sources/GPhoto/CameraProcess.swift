import CGPhoto2
import Glibc

/// What a process must do to itself before libgphoto2 is safe in it.
public enum CameraProcess {
  /// Prepares this process. Call it once, at the start, while there is one thread (it sets environment variables).
  ///
  /// - The locale is UTF-8, without which the driver breaks names that are not ASCII; messages stay English.
  /// - Times are read as UTC, so that a file has the same time wherever the computer is: a camera's clock has no zone.
  /// - The library's settings stay in this process. It keeps them in `~/.gphoto/settings`, which every process with the
  ///   library would read while another one writes it: two Canon bodies that connect at the same moment then save to their
  ///   memory, since ptp2 sets that where it reads no target. So it is told of the card before the first camera, and has no file.
  /// - It is also told who we are to cameras on a network: it would make a new name up each time.
  /// - Descriptor 0 is taken: every exit of a PTP/IP camera closes it.
  /// - Memory for chunks is kept rather than given back and asked for again.
  /// - A broken pipe is an error of a write, not the end of the process.
  /// - Parameter guid: the 16 bytes that a camera on a network pairs with (CIPA DC-005, Init Command Request).
  public static func prepare(guid: [UInt8]) {
    setlocale(LC_ALL, "C.UTF-8")
    setenv("TZ", "UTC0", 1)
    tzset()
    setenv("HOME", "/dev/null", 1)
    setTarget(isCard: true)
    let text = guid.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    pixcheese_set_setting("ptp2_ip", "guid", text)
    signal(SIGPIPE, SIG_IGN)
    // The driver grows a block of memory for each chunk, packet by packet. From the heap, which keeps what it has, that
    // costs nothing; as mappings of their own, each chunk's pages are fetched from the kernel and cleared again.
    mallopt(M_MMAP_THRESHOLD, 32 << 20)
    mallopt(M_TRIM_THRESHOLD, 64 << 20)
    mallopt(M_TOP_PAD, 8 << 20)
    occupyStandardInput()
  }

  /// Ends this process when the thread that started it ends; a forgotten process would keep the camera claimed.
  /// - Returns: `false` if the kernel refused.
  public static func endWithParent() -> Bool {
    pixcheese_signal_at_parent_death(SIGKILL) == 0
  }

  /// What ptp2 sets Canon's and Panasonic's bodies to when it first needs their remote control, and answers for a body that
  /// has no such property of its own. Its own default is the memory (`camera_canon_eos_update_capture_target`).
  static func setTarget(isCard: Bool) {
    pixcheese_set_setting("ptp2", "capturetarget", isCard ? "card" : "sdram")
  }

  /// Puts `/dev/null` on descriptor 0 if nothing is there, before anything of value can get that number.
  static func occupyStandardInput() {
    guard fcntl(0, F_GETFD) == -1 else { return }
    let descriptor = open("/dev/null", O_RDWR)
    if descriptor > 0 { close(descriptor) }
  }
}
