import Model
import Testing

@Suite("Turns")
struct TurnsTests {
  private func order(_ waiting: [String], by turns: Turns = Turns()) -> [String] {
    turns.order(waiting) { text in text.first.flatMap { $0 == "!" ? nil : String($0) } }
  }

  @Test("One alone keeps its order")
  func alone() {
    #expect(order(["a3", "a2", "a1"]) == ["a3", "a2", "a1"])
    #expect(order([]) == [])
  }

  @Test("Each has one turn in every round, and what belongs to nobody goes before all")
  func rounds() {
    #expect(order(["a1", "a2", "a3", "!9", "b1", "c1", "c2"]) == ["!9", "a1", "b1", "c1", "a2", "c2", "a3"])
  }

  @Test("Whoever had a turn last waits for all the others")
  func memory() {
    var turns = Turns()
    turns.took("a")
    #expect(order(["a1", "a2", "b1"], by: turns) == ["b1", "a1", "a2"])
    turns.took("b")
    #expect(order(["a1", "b1", "c1"], by: turns) == ["c1", "a1", "b1"])
  }

  @Test("One place, a burst of five hundred and a single frame: the single one waits for one of the burst")
  func burst() {
    var turns = Turns()
    var waiting = (1...500).map { "a\($0)" }
    var gone: [String] = []
    for number in 1...4 {
      if number == 2 { waiting.append("b1") }
      guard let next = order(waiting, by: turns).first else { break }
      turns.took(String(next.prefix(1)))
      waiting.removeAll { $0 == next }
      gone.append(next)
    }
    #expect(gone == ["a1", "b1", "a2", "a3"])
  }
}
