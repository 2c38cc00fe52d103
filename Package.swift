// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

// Targets stand in dependency order; a target imports only what stands above it (docs/architecture.md, held by a test).
let package = Package(
    name: "lifeboat",
    targets: [
        // C libraries: a module map and a shim header each, imported by exactly one Swift module.
        .systemLibrary(name: "CPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSSH2", pkgConfig: "libssh2", providers: [.apt(["libssh2-1-dev"])]),

        // Ground: errors that reach people, bytes in motion, plain values.
        library("Diagnostics", []),
        library("Model", []),
        library("Streams", ["Diagnostics", "Model"]),

        // One Swift wrapper per C library.
        library("PostgresClient", ["CPQ", "Diagnostics", "Streams"]),
        library("Archives", ["CArchive", "Diagnostics", "Streams"]),
        library("Compression", ["CZstd", "Diagnostics", "Streams"]),
        library("AgeEncryption", ["CCrypto", "Diagnostics", "Streams"]),
        library("RowHashing", ["CXXHash", "Model"]),
        library("HTTPClient", ["CCurl", "Diagnostics", "Streams"]),
        library("SecureShell", ["CSSH2"]),

        // Pure decisions: `now` is an argument.
        library("Policy", ["Model"]),

        // The work.
        library("Catalog", ["Model", "Diagnostics", "Streams", "PostgresClient"]),
        library(
            "Repository",
            [
                "Model", "Diagnostics", "Streams", "AgeEncryption", "Compression", "HTTPClient", "SecureShell",
                "Policy",
            ]
        ),
        library(
            "Export",
            [
                "Model", "Diagnostics", "Streams", "PostgresClient", "Archives", "Compression", "AgeEncryption",
                "RowHashing", "Catalog", "Repository",
            ]
        ),
        library(
            "Restore",
            [
                "Model", "Diagnostics", "Streams", "PostgresClient", "Archives", "Compression", "AgeEncryption",
                "RowHashing", "Catalog", "Repository",
            ]
        ),
        library(
            "Drills",
            [
                "Model", "Diagnostics", "Streams", "PostgresClient", "AgeEncryption", "RowHashing", "Catalog",
                "Repository", "Restore",
            ]
        ),
        library("Reports", ["Model", "Policy"]),
        library("CommandLineKit", []),
        library("Settings", ["Model", "Diagnostics", "Policy", "CommandLineKit"]),

        // What people touch.
        library("Terminal", ["Diagnostics", "Model"]),
        library(
            "Commands",
            [
                "Model", "Diagnostics", "Streams", "PostgresClient", "AgeEncryption", "Policy", "Catalog",
                "SecureShell", "Repository", "Export", "Restore", "Drills", "Reports", "Settings", "CommandLineKit",
                "Terminal",
            ]
        ),
        .executableTarget(name: "lifeboat", dependencies: ["Commands"], swiftSettings: strict),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: [
                "Model", "Diagnostics", "Streams", "PostgresClient", "Repository", "HTTPClient", "AgeEncryption",
            ],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        // What is fuzzed, by a sample in every test run and by libFuzzer (`make fuzz`).
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Model", "Diagnostics", "Streams", "PostgresClient", "Archives", "Compression", "AgeEncryption",
                "Policy", "Catalog", "Repository", "Restore", "Settings",
            ],
            path: "Tests/FuzzTargets",
            swiftSettings: strict
        ),
        tests("FuzzTests", ["FuzzTargets"]),
        tests("ArchitectureTests", ["Diagnostics"]),
        tests("DiagnosticsTests", ["Diagnostics"]),
        tests("StreamsTests", ["Streams", "Diagnostics"]),
        tests("ModelTests", ["Model"]),
        tests("PostgresClientTests", ["PostgresClient", "Streams", "Diagnostics"]),
        tests("ArchivesTests", ["Archives", "Compression", "Streams", "Diagnostics"]),
        tests("AgeEncryptionTests", ["AgeEncryption", "Streams", "Diagnostics"]),
        tests("RowHashingTests", ["RowHashing", "Model"]),
        tests("HTTPClientTests", ["HTTPClient", "Streams", "Diagnostics"]),
        tests("PolicyTests", ["Policy", "Model"]),
        .testTarget(
            name: "CatalogTests",
            dependencies: ["Catalog", "PostgresClient", "Model", "Diagnostics", "Streams", "TestSupport"],
            exclude: ["Corpus"],
            swiftSettings: strict
        ),
        tests(
            "RepositoryTests",
            ["Repository", "HTTPClient", "SecureShell", "AgeEncryption", "Model", "Streams", "Diagnostics", "Policy"]
        ),
        tests(
            "ExportTests",
            [
                "Export", "Restore", "Repository", "AgeEncryption", "Archives", "Compression", "RowHashing", "Catalog",
                "PostgresClient", "Model", "Streams", "Diagnostics",
            ]
        ),
        tests(
            "RestoreTests",
            [
                "Restore", "Export", "Repository", "AgeEncryption", "Archives", "Compression", "RowHashing", "Catalog",
                "PostgresClient", "Model", "Streams", "Diagnostics",
            ]
        ),
        tests(
            "DrillsTests",
            [
                "Drills", "Restore", "Export", "Repository", "AgeEncryption", "Catalog", "PostgresClient", "Model",
                "Streams", "Diagnostics",
            ]
        ),
        tests("ReportsTests", ["Reports", "Policy", "Model"]),
        tests("SettingsTests", ["Settings", "Model", "Diagnostics", "Policy"]),
        tests("CommandLineKitTests", ["CommandLineKit", "Terminal", "Diagnostics", "Streams"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "lifeboat", "Commands", "Model", "Diagnostics", "Streams", "PostgresClient", "Repository",
                "AgeEncryption", "Catalog", "Export", "Restore", "Drills", "Policy", "TestSupport",
            ],
            swiftSettings: strict
        ),
    ]
)

// libFuzzer brings its own main and needs its own build: `make fuzz`.
if Context.environment["LIFEBOAT_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "lifeboat-fuzz",
            dependencies: ["FuzzTargets"],
            path: "Tests/Fuzzer",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]
        )
    )
}
