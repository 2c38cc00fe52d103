import AgeEncryption
import Diagnostics
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

/// A user's folder with keys and a repository that has a history, copied afresh for every run of the program on it.
final class ProgramWorld {
    /// The run that is made to fail.
    enum Run: String, CaseIterable {
        case first
        case backup
        case prune
        case verify
        case restore
        case drill

        var commits: Bool { self == .first || self == .backup }
    }

    let scene: Scene
    let oracle: Oracle
    /// The source as it is during the runs.
    let picture: DatabasePicture
    /// What a prune may remove: everything but the proven point and the newest.
    private(set) var removable: Set<PointName> = []
    /// The source again, reached without a password.
    let admin: ConnectionSettings
    private let template: String

    /// Text that may be readable nowhere; the password is that of the role which connects.
    private static let markers = [
        "marker-of-a-row-41d7", "marker_of_a_table_9e03", "marker-of-a-comment-c2ab", password,
    ]
    private static let password = "marker-of-a-password-5f18"

    private static let sql = """
        CREATE TABLE page (number integer PRIMARY KEY, body text);
        INSERT INTO page SELECT n, 'marker-of-a-row-41d7' || md5(n::text) FROM generate_series(1, 300) n;
        CREATE TABLE marker_of_a_table_9e03 (id bigint GENERATED ALWAYS AS IDENTITY, page integer REFERENCES page);
        INSERT INTO marker_of_a_table_9e03 (page) SELECT n FROM generate_series(1, 20) n;
        COMMENT ON TABLE page IS 'marker-of-a-comment-c2ab';
        CREATE INDEX ON page (body);
        SELECT lo_from_bytea(0, 'a large object');
        """

    /// Five points of one day, the second proven.
    ///
    /// With a server of its own the test may break it.
    static func with(serverOfItsOwn isOwn: Bool = false, _ body: (ProgramWorld) throws -> Void) throws {
        guard isOwn else {
            return try withDatabase { try with(PostgresServer.shared(), $0, body) }
        }
        let server = try PostgresServer(ownFor: .v15)
        defer { server.stop() }
        try with(server, server.settings(), body)
    }

    private static func with(
        _ server: PostgresServer,
        _ admin: ConnectionSettings,
        _ body: (ProgramWorld) throws -> Void
    ) throws {
        let role = "keeper_\(admin.database)"
        try Connection(admin).execute(sql)
        try Connection(admin).execute("CREATE ROLE \(role) SUPERUSER LOGIN PASSWORD '\(password)'")
        defer { try? Connection(server.settings()).execute("DROP ROLE IF EXISTS \(role)") }
        let source = try server.networkSettings(database: admin.database, user: role, password: password)
        try withScratchFolder { folder in try body(try ProgramWorld(folder, source, admin)) }
    }

    private init(_ folder: String, _ source: ConnectionSettings, _ admin: ConnectionSettings) throws {
        self.admin = admin
        template = folder + "/template"
        scene = Scene(folder: folder + "/work", source: source)
        try Directory(template).create()
        try Directory(scene.folder).create()
        for page in 1...5 {
            try Connection(admin).execute(
                "UPDATE page SET body = 'marker-of-a-row-41d7 \(page)' WHERE number = \(page)"
            )
            let answer = try scene.program(Self.backupLine(scene, full: page == 3), Self.secret)
            try #require(answer.status == 0, "\(answer)")
        }
        let points = try Self.points(scene)
        let drill = try scene.program(["drill", "--point", points[1], "--from", scene.repository])
        try #require(drill.status == 0, "\(drill)")
        try Connection(admin).execute("UPDATE page SET body = 'marker-of-a-row-41d7 last' WHERE number = 9")
        picture = try DatabasePicture(admin)
        oracle = try Oracle(keys: scene.folder + "/config/lifeboat", markers: Self.markers)
        let names = try contents(of: store).keys.compactMap(Layout.pointName).sorted()
        removable = Set(names).subtracting([names[1], names[4]])
        try Self.copy(scene.folder, to: template)
    }

    static let secret = ["PGPASSWORD": password]

    /// The command of a run.
    func line(_ run: Run, target: ConnectionSettings? = nil) -> [String] {
        switch run {
        case .first, .backup: Self.backupLine(scene, full: false)
        case .prune: ["prune", "--from", scene.repository, "--policy", "daily-7d", "--yes", "--now"]
        case .verify: ["verify", "--deep", "--from", scene.repository]
        case .drill: ["drill", "--from", scene.repository]
        case .restore:
            ["restore", "latest", "--from", scene.repository, "--jobs", "1", "--to"]
                + (target.map { ["host='\($0.host)' port=\($0.port) user=\($0.user) dbname='\($0.database)'"] } ?? [])
        }
    }

    private static func backupLine(_ scene: Scene, full: Bool) -> [String] {
        ["backup", scene.sourceText, "--to", scene.repository, "--plan", "shop", "--jobs", "1"]
            + (full ? ["--full"] : [])
    }

    /// The user's folder as it was; for the very first run, empty.
    func reset(for run: Run) throws {
        try Directory(scene.folder).remove()
        if run == .first { try Directory(scene.folder).create() } else { try Self.copy(template, to: scene.folder) }
    }

    var store: FolderStore { FolderStore(path: scene.repository) }

    /// The points there are, as names that the command line takes.
    static func points(_ scene: Scene) throws -> [String] {
        try scene.files("points").sorted().compactMap { path in
            path.split(separator: "/").last.map { String($0.dropLast(".point".count)) }
        }
    }

    private static func copy(_ from: String, to: String) throws {
        try Directory(to).remove()
        let outcome = try ChildProcess.run(ChildLaunch("/bin/cp", ["-a", from, to]))
        try #require(outcome.ending.isSuccess, "\(outcome.message)")
    }
}

extension Scene {
    /// Runs the program with a list of arguments; one that has not ended after two minutes is killed.
    func program(_ arguments: [String], _ more: [String: String] = [:]) throws -> Answer {
        let line = ["--signal=KILL", "120", Self.program] + arguments
        let launch = ChildLaunch("/usr/bin/timeout", line, environment: environment(more))
        return Answer(try ChildProcess.run(launch, limit: 16 << 20))
    }
}
