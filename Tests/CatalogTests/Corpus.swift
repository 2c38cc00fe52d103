import Catalog
import Diagnostics
import Glibc
import PostgresClient
import Streams
import Synchronization
import TestSupport

/// The SQL under `Corpus`, loaded into databases, copied through the catalog, and told by pg_dump.
enum Corpus {
    /// What every major at hand can load.
    static let files = ["01-application", "02-inheritance", "03-cycles", "04-names", "05-kinds"]

    private static let rolesMade = Mutex<Set<PostgresMajor>>([])

    /// Runs `body` with a database that holds the corpus.
    static func withOriginal<Result>(
        on major: PostgresMajor,
        contrib: Bool = false,
        _ body: (ConnectionSettings) throws -> Result
    ) throws -> Result {
        try makeRoles(on: major)
        return try withDatabase(on: major, options: "TEMPLATE template0") { settings in
            let connection = try Connection(settings)
            // Only Debian's server comes with extensions and ICU.
            let all =
                files + ["database"] + (contrib && major == .v15 ? ["contrib"] : [])
                + (major == .v18 ? ["18"] : [])
            for file in all { try connection.execute(text(file)) }
            return try body(settings)
        }
    }

    /// Runs `body` with the corpus and a database made from its catalog.
    static func withCopy<Result>(
        of source: PostgresMajor,
        on target: PostgresMajor,
        _ body: (_ original: ConnectionSettings, _ copy: ConnectionSettings) throws -> Result
    ) throws -> Result {
        try withOriginal(on: source, contrib: source == target) { original in
            try makeRoles(on: target)
            return try withDatabase(on: target, options: "TEMPLATE template0") { copy in
                try restore(read(original), into: copy)
                return try body(original, copy)
            }
        }
    }

    /// The catalog of a database, read the way an export does.
    static func read(_ settings: ConnectionSettings, excluding patterns: [String] = []) throws -> DatabaseCatalog {
        let connection = try Connection(settings)
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try connection.execute(
            "SET LOCAL search_path = ''; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'"
        )
        return try CatalogReader(connection).read(excluding: patterns)
    }

    /// Makes a database from a catalog; any statement that fails is the test's failure.
    static func restore(_ catalog: DatabaseCatalog, into settings: ConnectionSettings) throws {
        try restore(catalog, into: settings) { _, error in throw error }
    }

    /// The same for what somebody invented; returns the materialized views that cannot be filled, `original`'s no more
    /// than the copy's.
    static func restore(
        _ catalog: DatabaseCatalog,
        of original: ConnectionSettings,
        into settings: ConnectionSettings
    ) throws -> Set<ObjectIdentity> {
        var unfilled: Set<ObjectIdentity> = []
        var emptying: [String] = []
        try restore(catalog, into: settings) { step, error in
            guard step.action == .refresh else { throw error }
            let connection = try Connection(original)
            try connection.execute("BEGIN")
            defer { connection.rollBack() }
            // What reads one that cannot be filled cannot be filled either.
            for statement in emptying { try connection.execute(statement) }
            guard (try? connection.execute(step.statements.joined(separator: "; "))) == nil else { throw error }
            unfilled.insert(step.object)
            emptying += step.statements.filter { $0.hasPrefix("REFRESH ") }.map { $0 + " WITH NO DATA" }
        }
        return unfilled
    }

    private static func restore(
        _ catalog: DatabaseCatalog,
        into settings: ConnectionSettings,
        refused: (RestoreStep, Diagnostic) throws -> Void
    ) throws {
        let connection = try Connection(settings)
        for statement in RestoreScript.sessionSettings { try connection.execute(statement) }
        for step in RestoreOrder(catalog, dropsMissingPublic: true).steps {
            for statement in step.statements {
                do {
                    try connection.execute(statement)
                } catch let error as PostgresError {
                    try refused(
                        step,
                        Diagnostic(.restoreStatement, "'\(step.object)': \(statement)", cause: error.message)
                    )
                }
            }
        }
    }

    /// The difference between a catalog and its copy without what only reads differently on the copy's server.
    static func settled(
        _ difference: CatalogDifference,
        _ before: DatabaseCatalog,
        _ after: DatabaseCatalog,
        on copy: ConnectionSettings
    ) throws -> CatalogDifference {
        let connection = try Connection(copy)
        for statement in RestoreScript.sessionSettings { try connection.execute(statement) }
        return try ServerSpelling(connection, first: before, copy: after).settled(difference)
    }

    /// What pg_dump says of a database, without what differs between two runs of it.
    static func dump(
        _ settings: ConnectionSettings,
        by major: PostgresMajor,
        _ more: [String] = []
    ) throws -> [String] {
        try output(
            major.binaries() + "/pg_dump",
            settings,
            ["--schema-only", "--dbname", settings.database] + more
        )
    }

    /// What pg_dumpall says of what a cluster's databases share.
    static func dumpGlobals(_ settings: ConnectionSettings, by major: PostgresMajor) throws -> [String] {
        try output(major.binaries() + "/pg_dumpall", settings, ["--globals-only", "--no-role-passwords"])
    }

    private static func output(
        _ program: String,
        _ settings: ConnectionSettings,
        _ arguments: [String]
    ) throws -> [String] {
        let place = ["--host", settings.host, "--port", settings.port, "--username", settings.user]
        let outcome = try ChildProcess.run(ChildLaunch(program, place + arguments), limit: 32 << 20)
        guard outcome.ending.isSuccess else { throw Diagnostic(.internalError, outcome.message) }
        return String(decoding: outcome.standardOutput, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .map { $0.replacing(" password=hidden-thing", with: "") }
            .filter { !$0.hasPrefix("\\restrict") && !$0.hasPrefix("\\unrestrict") && !$0.hasPrefix("-- Dumped ") }
    }

    /// Roles belong to the cluster, which the tests of this process share.
    static func makeRoles(on major: PostgresMajor) throws {
        try rolesMade.withLock { made in
            guard made.insert(major).inserted else { return }
            let connection = try Connection(PostgresServer.shared(major).settings())
            // Another suite may have loaded the corpus before.
            let known = try connection.query("SELECT FROM pg_roles WHERE rolname = 'corpus_owner'")
            if known.isEmpty { try connection.execute(text("roles")) }
        }
    }

    /// One file of the corpus.
    static func text(_ name: String) throws -> String {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let path = "/\(folder)/Corpus/\(name).sql"
        guard let file = fopen(path, "r") else { throw Diagnostic(.fileAccess, "cannot open '\(path)'") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
