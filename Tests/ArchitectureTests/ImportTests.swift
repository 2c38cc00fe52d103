import Testing

/// Which module may import which, bottom to top; `docs/architecture.md` carries the same table as a picture.
private let allowedImports: [String: Set<String>] = [
    "Diagnostics": [],
    "Streams": ["Diagnostics", "Model"],
    "Model": [],
    "PostgresClient": ["CPQ", "Diagnostics", "Streams"],
    "Archives": ["CArchive", "Diagnostics", "Streams"],
    "Compression": ["CZstd", "Diagnostics", "Streams"],
    "AgeEncryption": ["CCrypto", "Diagnostics", "Streams"],
    "RowHashing": ["CXXHash", "Model"],
    "HTTPClient": ["CCurl", "Diagnostics", "Streams"],
    "SecureShell": ["CSSH2"],
    "Policy": ["Model"],
    "Catalog": ["Model", "Diagnostics", "Streams", "PostgresClient"],
    "Repository": [
        "Model", "Diagnostics", "Streams", "AgeEncryption", "Compression", "Policy", "SecureShell", "HTTPClient",
    ],
    "Export": [
        "Model", "Diagnostics", "Streams", "PostgresClient", "Archives", "Compression", "AgeEncryption", "RowHashing",
        "Catalog", "Repository",
    ],
    "Restore": [
        "Model", "Diagnostics", "Streams", "PostgresClient", "Archives", "Compression", "AgeEncryption", "RowHashing",
        "Catalog", "Repository",
    ],
    "Drills": [
        "Model", "Diagnostics", "Streams", "PostgresClient", "AgeEncryption", "RowHashing", "Catalog", "Repository",
        "Restore",
    ],
    "Reports": ["Model", "Policy"],
    "Settings": ["Model", "Diagnostics", "Policy", "CommandLineKit"],
    "CommandLineKit": [],
    "Terminal": ["Diagnostics", "Model"],
    "Commands": [
        "Model", "Diagnostics", "Streams", "PostgresClient", "AgeEncryption", "Policy", "Catalog", "SecureShell",
        "Repository",
        "Export", "Restore", "Drills", "Reports", "Settings", "CommandLineKit", "Terminal",
    ],
    "lifeboat": ["Commands"],
]

/// What the toolchain brings along.
private let toolchain: Set<String> = ["Glibc", "Synchronization", "FoundationEssentials", "Dispatch", "Swift"]

/// Modules that decide and never touch the world.
private let pure: Set<String> = ["Model", "Policy", "Reports", "CommandLineKit"]

@Suite("The layout is the architecture")
struct ImportTests {
    @Test("a module imports only what stands above it")
    func importsPointOneWay() {
        for file in SourceTree.files(below: "Sources") {
            guard let allowed = allowedImports[file.module] else {
                Issue.record("module \(file.module) is not in the table of allowed imports")
                continue
            }
            for name in file.importedModules where !toolchain.contains(name) {
                #expect(allowed.contains(name), "\(file.path) imports \(name)")
            }
        }
    }

    @Test("each C library is imported by one module only")
    func cLibrariesHaveOneWrapper() {
        var importers: [String: Set<String>] = [:]
        for file in SourceTree.files(below: "Sources") {
            for name in file.importedModules where name.wholeMatch(of: /C[A-Z]\w*/) != nil {
                importers[name, default: []].insert(file.module)
            }
        }
        #expect(importers.count == 7)
        for (library, modules) in importers { #expect(modules.count == 1, "\(library) is imported by \(modules)") }
    }

    @Test("nothing imports the whole of Foundation, whose size and start-up nobody wants")
    func noFoundation() {
        for file in SourceTree.files(below: "Sources") {
            #expect(!file.importedModules.contains("Foundation"), "\(file.path)")
        }
    }

    @Test("decisions are pure: no system calls, no clocks")
    func purity() {
        for file in SourceTree.files(below: "Sources") where pure.contains(file.module) {
            #expect(!file.importedModules.contains("Glibc"), "\(file.path) imports Glibc")
            #expect(!file.importedModules.contains("Dispatch"), "\(file.path) imports Dispatch")
            #expect(!file.text.contains("Clock.now"), "\(file.path) reads a clock")
        }
    }

    @Test("the architecture document shows every module")
    func documentShowsEveryModule() throws {
        let document = try #require(SourceTree.read("docs/architecture.md"))
        for module in allowedImports.keys {
            #expect(document.contains(module), "docs/architecture.md does not mention \(module)")
        }
    }
}

extension SourceTree.File {
    /// The names after `import`, whatever stands before it.
    fileprivate var importedModules: [String] {
        lines.filter { $0.contains("import ") }.compactMap { line in
            line.wholeMatch(
                of:
                    /(?:@testable )?(?:package |internal |private |public )?import (?:struct |class |enum |func )?(\w+).*/
            )
            .map { String($0.1) }
        }
    }
}
