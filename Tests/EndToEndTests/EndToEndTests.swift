import Testing

/// The built programs, started as a person starts them. One after another: each test is a whole installation at
/// work, and the machine may have two cores.
@Suite("End to end", .serialized)
enum EndToEndTests {}
