import Foundation
import Model

/// A scene as SVG: a landscape by day or night, or a stage, with people, a big number and the time.
/// The same seed, number and text give the same scene.
struct Scene {
  let number: String
  let caption: String
  private var generator: SplitMix

  /// The drawing's own size; it is scaled to the picture's.
  static let width = 1500.0
  static let height = 1000.0

  init(seed: UInt64, number: String, caption: String) {
    self.number = number
    self.caption = caption
    generator = SplitMix(seed: seed)
  }

  /// The whole drawing.
  func svg() -> String {
    var scene = self
    let body = Double.random(in: 0..<1, using: &scene.generator) < 0.3 ? scene.stage() : scene.landscape()
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="1500" height="1000" viewBox="0 0 1500 1000">
      \(body)
      \(scene.label())
      </svg>
      """
  }

  private mutating func random(_ range: ClosedRange<Double>) -> Double {
    Double.random(in: range, using: &generator)
  }

  private mutating func colour(hue: ClosedRange<Double>, saturation: Double, lightness: Double) -> String {
    let hue = random(hue)
    // HSL by hand: the renderer need not know CSS colours.
    let chroma = (1 - abs(2 * lightness - 1)) * saturation
    func channel(_ shift: Double) -> Int {
      let k = (shift + hue / 30).truncatingRemainder(dividingBy: 12)
      let value = lightness - chroma / 2 * max(-1, min(k - 3, 9 - k, 1))
      return Int((max(0, min(1, value)) * 255).rounded())
    }
    return String(format: "#%02x%02x%02x", channel(0), channel(8), channel(4))
  }

  private mutating func landscape() -> String {
    let isNight = random(0...1) < 0.3
    let top = colour(hue: isNight ? 215...260 : 185...225, saturation: 0.6, lightness: isNight ? 0.1 : 0.5)
    let low = colour(hue: isNight ? 230...290 : 15...55, saturation: 0.6, lightness: isNight ? 0.3 : 0.78)
    var parts = [
      "<defs><linearGradient id=\"sky\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\"><stop offset=\"0\" "
        + "stop-color=\"\(top)\"/><stop offset=\"1\" stop-color=\"\(low)\"/></linearGradient></defs>",
      "<rect width=\"1500\" height=\"1000\" fill=\"url(#sky)\"/>",
    ]
    if isNight {
      for _ in 0..<70 {
        parts.append(circle(random(0...1500), random(0...560), random(0.8...3), "#ffffff"))
      }
      parts.append(circle(random(150...1350), random(110...300), random(45...80), "#f4f1de"))
    } else {
      let (x, y, radius) = (random(150...1350), random(120...420), random(55...110))
      parts.append(
        "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"\(radius * 1.8)\" fill=\"#fff3b0\" opacity=\"0.35\"/>")
      parts.append(circle(x, y, radius, "#ffe066"))
      for _ in 0..<4 { parts.append(cloud()) }
    }
    for layer in 0..<4 {
      let lightness = (isNight ? 0.24 : 0.5) - Double(layer) * (isNight ? 0.045 : 0.08)
      let fill = colour(hue: 95...160, saturation: 0.35, lightness: lightness)
      parts.append(hills(base: 560 + Double(layer) * 90, height: 120 - Double(layer) * 18, fill: fill))
    }
    for _ in 0..<Int(random(2...6)) {
      parts.append(person(x: random(120...1380), foot: random(860...970), size: random(150...230)))
    }
    return parts.joined(separator: "\n")
  }

  private mutating func stage() -> String {
    let curtain = colour(hue: 330...375, saturation: 0.7, lightness: 0.25)
    var parts = [
      "<rect width=\"1500\" height=\"1000\" fill=\"#12101c\"/>",
      "<rect y=\"760\" width=\"1500\" height=\"240\" fill=\"#4a3426\"/>",
    ]
    for index in 0..<12 {
      let x = index < 6 ? Double(index) * 42 : 1500 - Double(index - 5) * 42
      parts.append(
        "<path d=\"M\(x) 0 q 22 400 0 800 h 44 q -22 -400 0 -800 z\" fill=\"\(curtain)\" stroke=\"#00000055\"/>"
      )
    }
    for _ in 0..<5 {
      let (from, to, spread) = (random(250...1250), random(300...1200), random(90...170))
      let light = colour(hue: 0...360, saturation: 0.9, lightness: 0.65)
      parts.append(
        "<path d=\"M\(from) 0 L\(to - spread) 800 L\(to + spread) 800 z\" fill=\"\(light)\" opacity=\"0.28\"/>"
      )
    }
    for index in 0..<Int(random(2...5)) {
      let x = 380 + Double(index) * 190 + random(-40...40)
      parts.append(person(x: x, foot: 850, size: random(240...320)))
    }
    for index in 0..<14 {
      parts.append(circle(Double(index) * 115 + random(-20...20), 985 + random(-25...10), 58, "#0a0912"))
    }
    return parts.joined(separator: "\n")
  }

  private mutating func hills(base: Double, height: Double, fill: String) -> String {
    var path = "M0 1000 L0 \(base)"
    var x = 0.0
    while x < 1500 {
      let step = random(160...320)
      path += " Q\(x + step / 2) \(base - random(20...height)) \(x + step) \(base + random(-25...25))"
      x += step
    }
    return "<path d=\"\(path) L\(x) 1000 z\" fill=\"\(fill)\"/>"
  }

  private mutating func cloud() -> String {
    let (x, y) = (random(50...1450), random(60...330))
    let puffs = (0..<5).map { index in
      let (cx, cy, radius) = (x + Double(index) * 38, y + random(-16...16), random(26...48))
      return circle(cx, cy, radius, "#ffffff")
    }
    return "<g opacity=\"0.75\">\(puffs.joined())</g>"
  }

  private mutating func person(x: Double, foot: Double, size: Double) -> String {
    let skin =
      ["#f1c9a5", "#d9a066", "#8d5524", "#ffdbac", "#c68642"].randomElement(using: &generator) ?? "#d9a066"
    let coat = colour(hue: 0...360, saturation: 0.6, lightness: 0.45)
    let legs = colour(hue: 200...260, saturation: 0.3, lightness: 0.2)
    let head = size * 0.13
    let shoulder = foot - size + head * 2
    let lift = random(-0.25...0.3) * size
    return """
      <g><path d="M\(x - size * 0.1) \(foot) L\(x) \(foot - size * 0.48) L\(x + size * 0.1) \(foot)" \
      stroke="\(legs)" stroke-width="\(size * 0.1)" fill="none" stroke-linecap="round"/>\
      <path d="M\(x - size * 0.22) \(shoulder + size * 0.2 - lift) L\(x) \(shoulder + size * 0.05) \
      L\(x + size * 0.22) \(shoulder + size * 0.24)" stroke="\(coat)" stroke-width="\(size * 0.08)" \
      fill="none" stroke-linecap="round"/>\
      <rect x="\(x - size * 0.12)" y="\(shoulder)" width="\(size * 0.24)" height="\(size * 0.42)" \
      rx="\(size * 0.08)" fill="\(coat)"/>\(circle(x, shoulder - head * 0.8, head, skin))</g>
      """
  }

  private func circle(_ x: Double, _ y: Double, _ radius: Double, _ fill: String) -> String {
    "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"\(radius)\" fill=\"\(fill)\"/>"
  }

  private func label() -> String {
    """
    <g font-family="DejaVu Sans, sans-serif" font-weight="bold" fill="#ffffff" stroke="#00000088" \
    paint-order="stroke" stroke-width="6"><text x="60" y="250" font-size="210">\(number)</text>\
    <text x="66" y="322" font-size="46">\(caption)</text></g>
    """
  }
}
