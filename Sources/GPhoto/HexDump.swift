import CGPhoto2

/// Stands in for libgphoto2's function of this name, in this whole program.
///
/// The library writes a hex dump of every packet that comes over the cable, five characters a byte, before it looks
/// whether anybody reads its log; nobody here does, and it was three fifths of the processor time of fetching a
/// photo (`perf`, libgphoto2 2.5.30). The library's calls go through the dynamic linker, which takes a program's own
/// function first; a library built with DISABLE_DEBUGGING has an empty one, too. In C it has more parameters, which
/// a callee that takes none may leave where they are.
@_cdecl("gp_log_data")
public func ignoreHexDump() {}
