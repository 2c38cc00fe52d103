import Model
import PostgresClient
import Streams
import TestSupport
import Testing

/// One user with one database, one folder for everything else, and the built program.
struct Scene {
    let folder: String
    let source: ConnectionSettings
    var repository: String { folder + "/repo" }

    /// Runs `body` in a fresh scene whose database was filled by `sql`, and removes everything.
    static func with(
        sql: String = Scene.smallShop,
        on major: PostgresMajor = .v15,
        _ body: (Scene) throws -> Void
    ) throws {
        try withDatabase(on: major, sql: sql) { settings in
            try withScratchFolder { folder in try body(Scene(folder: folder, source: settings)) }
        }
    }

    /// The source as words for the command line.
    var sourceText: String { source.words }

    /// Runs the program with `arguments`, and with nothing of our own environment but what a user would have.
    @discardableResult
    func lifeboat(
        _ arguments: String...,
        environment: [String: String] = [:],
        wrapper: [String] = []
    ) throws -> Answer {
        try lifeboat(arguments, environment: environment, wrapper: wrapper)
    }

    /// The same with its arguments in a list.
    @discardableResult
    func lifeboat(
        _ arguments: [String],
        environment: [String: String] = [:],
        wrapper: [String] = []
    ) throws -> Answer {
        let line = wrapper + [Self.program] + arguments
        let launch = ChildLaunch(line[0], Array(line.dropFirst()), environment: self.environment(environment))
        return Answer(try ChildProcess.run(launch, limit: 16 << 20))
    }

    /// The environment of the program.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        ChildLaunch.plainEnvironment
            .merging(["XDG_CONFIG_HOME": folder + "/config", "HOME": folder, "TMPDIR": "/tmp"]) { $1 }
            .merging(more) { $1 }
    }

    /// Takes a backup and expects it to work.
    @discardableResult
    func backUp(_ more: String..., environment: [String: String] = [:]) throws -> Answer {
        let line = ["backup", sourceText, "--to", repository, "--plan", "shop"] + more
        let launch = ChildLaunch(Self.program, line, environment: self.environment(environment))
        let answer = Answer(try ChildProcess.run(launch, limit: 16 << 20))
        try #require(answer.status == 0, "\(answer)")
        return answer
    }

    /// Restores the newest point.
    @discardableResult
    func restore(into target: ConnectionSettings, _ more: String...) throws -> Answer {
        try lifeboat(["restore", "--from", repository, "--to", target.words] + more)
    }

    /// Changes the database.
    func change(_ sql: String) throws { try Connection(source).execute(sql) }

    /// Every file below a folder of the repository.
    func files(_ part: String) throws -> [String] {
        let folder = Directory(repository + "/" + part)
        guard folder.exists else { return [] }
        return try folder.entries().filter { $0.kind == .file }.map {
            "\(repository)/\(part)/\($0.path)"
        }
    }

    /// The program that was built with the tests; it lies beside the test bundle.
    static let program: String = {
        var folder = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
        // Under `swift test` the first argument is the toolchain's helper; the bundle's path follows.
        for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
            folder = argument.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        }
        return folder.joined(separator: "/") + "/lifeboat"
    }()

    /// A few tables of every common sort, small enough to be quick.
    static let smallShop = """
        CREATE TABLE customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, note text);
        CREATE TABLE purchase (id integer PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customer,
            amount numeric(10, 2) CHECK (amount > 0), data bytea);
        CREATE TABLE "we ird.""tab\\le" ("col "" umn" text, "%s" integer);
        CREATE TABLE empty (nothing text);
        CREATE VIEW rich AS SELECT c.name, sum(p.amount) AS total FROM customer c JOIN purchase p ON p.customer_id = c.id
            GROUP BY c.name;
        CREATE INDEX ON purchase (customer_id);
        INSERT INTO customer (name, note) SELECT 'customer ' || n, E'line\\nbreak\\ttab\\\\backslash' FROM generate_series(1, 500) n;
        INSERT INTO purchase SELECT n, n % 500 + 1, n % 90 + 0.5, decode(md5(n::text), 'hex') FROM generate_series(1, 3000) n;
        INSERT INTO "we ird.""tab\\le" VALUES ('x', 1), (NULL, NULL), ('\\N', 3);
        """
}

/// What the program said and how it ended.
struct Answer: CustomStringConvertible {
    let status: Int32
    let output: String
    let errors: String

    init(_ outcome: ChildProcess.Outcome) {
        switch outcome.ending {
        case .exited(let status): self.status = status
        case .killed(let signal): status = 128 + signal
        }
        output = String(decoding: outcome.standardOutput, as: UTF8.self)
        errors = String(decoding: outcome.standardError, as: UTF8.self)
    }

    var description: String { "exit \(status)\n\(output)\n\(errors)" }

    /// The three lines of an error: what, cause, hint; each begins with its label.
    var errorLines: [String] {
        errors.split(separator: "\n").map(String.init).filter {
            $0.hasPrefix("error: ") || $0.hasPrefix("cause: ") || $0.hasPrefix("hint: ")
        }
    }
}

extension ConnectionSettings {
    /// The database as words for the command line.
    var words: String { "host='\(host)' port=\(port) user=\(user) dbname='\(database)'" }
}
