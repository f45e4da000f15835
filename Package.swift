// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is held to the same rules: Swift 6, explicit `any`, imports that say what they
/// export, and no warning left standing.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil
) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "pixcheese",
  products: [
    .executable(name: "pixcheese", targets: ["pixcheese"]),
    .executable(name: "pixcheese-camsim", targets: ["pixcheese-camsim"]),
  ],
  dependencies: [
    // The reason for each stands in docs/dependencies.md.
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-system.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.90.0"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    .package(url: "https://github.com/LebJe/TOMLKit.git", from: "0.6.0"),
  ],
  targets: [
    // The C library's functions that Swift's Glibc leaves out.
    .target(name: "CGNU"),
    // System libraries: a module map and shims, each imported by exactly one Swift target.
    .systemLibrary(name: "CGPhoto2", pkgConfig: "libgphoto2"),
    .systemLibrary(name: "CUSB", pkgConfig: "libusb-1.0"),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
    .systemLibrary(name: "CVips", pkgConfig: "vips"),
    .systemLibrary(name: "CRaw", pkgConfig: "libraw_r"),
    .systemLibrary(name: "CQREncode", pkgConfig: "libqrencode"),
    .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd"),

    library("Model", [crypto]),
    library("Blocking"),
    library("GPhoto", ["Programs", "CGPhoto2", "CUSB"]),
    library("Curl", ["CCurl"]),
    library("Pictures", ["Model", "Blocking", "CVips", "CRaw"]),
    library("Journal", ["Model", "Blocking", grdb, system, crypto]),
    library(
      "Ingest",
      [
        "Model", "Journal", "Pictures", "GPhoto", "Programs", "Blocking", "CGNU", logging, lifecycle, crypto,
        system,
      ]),
    library("Programs", ["CGNU", system]),
    library("Hooks", ["Model", "Journal", "Programs", logging, lifecycle, system]),
    library(
      "Renditions", ["Model", "Journal", "Pictures", "Programs", "Blocking", logging, lifecycle, system]),
    library("Delivery", ["Model", "Journal", "Curl", logging, lifecycle, crypto, system]),
    library(
      "AlbumServer",
      [
        "Model", "Pictures", hummingbird, httpTypes, nioCore, nioPosix, grdb, logging, lifecycle, crypto,
        system,
      ],
      resources: [.embedInCode("Page"), .embedInCode("openapi.yaml")]),
    library(
      "Commands",
      [
        "Model", "Journal", "Ingest", "Renditions", "Delivery", "AlbumServer", "CameraSimulator", "Curl",
        "Hooks", "Programs", "Pictures", "Blocking",
        "CQREncode", "CSystemd", argumentParser, logging, lifecycle, signals, toml, system,
      ]),
    program("pixcheese", ["Commands"]),

    library("CameraSimulator", ["Model", "Pictures", "CGNU", crypto]),
    program("pixcheese-camsim", ["CameraSimulator", argumentParser]),
    // Measures the journal alone for scripts/bench; not a product, not installed.
    program("pixcheese-bench", ["Journal", "Model", grdb, argumentParser, system, crypto]),

    // What tests of several targets share; no program and no library knows it.
    .target(
      name: "TestServers", dependencies: ["Programs", "CGNU", system], path: "Tests/TestServers",
      swiftSettings: strict),

    tests("ModelTests", ["Model"]),
    tests("GPhotoTests", ["GPhoto"]),
    tests("CurlTests", ["Curl", "Programs", "TestServers"]),
    tests("PicturesTests", ["Pictures", "Model"]),
    tests("JournalTests", ["Journal", "Model", "TestServers", grdb, system]),
    tests(
      "IngestTests",
      ["Ingest", "Journal", "Model", "GPhoto", "CameraSimulator", "TestServers", crypto, logging, system]),
    tests("ProgramsTests", ["Programs", system]),
    tests("HooksTests", ["Hooks", "Journal", "Model", "TestServers", logging, lifecycle, system]),
    tests(
      "RenditionsTests",
      ["Renditions", "Journal", "Model", "Pictures", "TestServers", logging, lifecycle, system]),
    tests(
      "DeliveryTests",
      ["Delivery", "Journal", "Model", "Curl", "AlbumServer", "TestServers", logging, lifecycle, system]),
    tests(
      "AlbumServerTests",
      [
        "AlbumServer", "Model", "Pictures", "TestServers", hummingbird, hummingbirdTesting, httpTypes,
        nioCore, nioPosix, logging, lifecycle, crypto, grdb, system,
      ]),
    tests("CameraSimulatorTests", ["CameraSimulator", crypto]),
    tests(
      "CommandsTests",
      [
        "Commands", "AlbumServer", "CameraSimulator", "Delivery", "GPhoto", "Hooks", "Ingest", "Journal",
        "Model", "Programs", "Renditions", "TestServers", argumentParser, lifecycle, logging, system,
      ]),
    tests("EndToEndTests", ["Model", "Programs", "TestServers"]),
  ],
  swiftLanguageModes: [.v6]
)
