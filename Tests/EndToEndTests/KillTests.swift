import Glibc
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("kill -9, at any moment")
struct KillTests {
    /// 50 in every run, ten times as many in a campaign.
    private static let moments = getenv("LIFEBOAT_CAMPAIGN") == nil ? 50 : 500

    @Test("of a backup: the point before still restores, the next backup succeeds, nothing needs repair")
    func backup() throws {
        try Scene.with(sql: Self.ledger) { scene in
            try scene.backUp()
            var campaign = try KillCampaign(scene, seed: 20_260_401, length: try scene.lengthOfBackup())
            for moment in 1...Self.moments {
                try campaign.turnPage()
                switch moment % 5 {
                case 0: try campaign.killBackup(onceThereIsMoreIn: "archives", then: .milliseconds(moment % 7))
                case 1 where moment % 10 == 1: try campaign.killBackup(onceThereIsMoreIn: "points", then: .zero)
                default: try campaign.killBackup()
                }
                try campaign.expectSoundPoints()
                if moment % 10 == 0 { try campaign.expectNewestRestores() }
            }
            // The campaign has to have hit a run in each of its states, or it has shown nothing.
            #expect(campaign.killed >= Self.moments * 3 / 4)
            #expect(campaign.committedAndKilled >= 1)

            try scene.backUp()
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 0)
            try campaign.expectNewestRestores()
            let verify = try scene.lifeboat("verify", "--deep", "--from", scene.repository)
            #expect(verify.status == 0, "\(verify)")
            // Sessions of the dead hold nobody up, are told of by those that come next, and what they wrote goes with the
            // ordinary collection.
            let report = try scene.lifeboat("report", "--from", scene.repository, "--format", "json")
            let failed = try #require(JSON(report)["reports"][0]["runs"]["failed"].number)
            #expect(failed >= campaign.killed / 2 && failed <= campaign.killed, "\(failed) of \(campaign.killed)")
            let prune = try scene.lifeboat(
                "prune",
                "--from",
                scene.repository,
                "--policy",
                "nightly-30d",
                "--yes",
                "--now",
                // Most of what lies there was left by the dead.
                "--max-share",
                "100"
            )
            #expect(prune.status == 0, "\(prune)")
            #expect(try scene.lifeboat("verify", "--deep", "--from", scene.repository).status == 0)
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 0)
        }
    }

    @Test("of the very first backup, which makes keys and repository: the next one succeeds")
    func firstBackup() throws {
        try Scene.with(sql: Self.ledger) { scene in
            try scene.backUp()
            var random = SplitMix(seed: 7)
            let length = try scene.lengthOfBackup()
            for moment in 0..<(Self.moments / 4) {
                let beginner = Scene(folder: "\(scene.folder)/\(moment)", source: scene.source)
                try Directory(beginner.folder).create()
                let run = try beginner.startBackup()
                usleep(random.next(below: length / 2))
                run.send(.kill)
                _ = run.wait()
                let next = try beginner.lifeboat(
                    "backup",
                    beginner.sourceText,
                    "--to",
                    beginner.repository,
                    "--plan",
                    "shop"
                )
                #expect(next.status == 0, "killed at moment \(moment): \(next)")
                let verify = try beginner.lifeboat("verify", "--deep", "--from", beginner.repository)
                #expect(verify.status == 0, "\(verify)")
            }
        }
    }

    @Test("of a drill: its server dies with it, and the next drill leaves nothing behind", arguments: 0..<4)
    func drill(stage: Int) throws {
        try Scene.with(sql: Self.ledger) { scene in
            try scene.backUp()
            let parent = scene.folder + "/t"
            try Directory(parent).create()
            // The server's user has to get through.
            #expect(chmod(scene.folder, 0o711) == 0 && chmod(parent, 0o711) == 0)
            let environment = scene.environment(["TMPDIR": parent])
            let line = ["drill", "--from", scene.repository]
            let run = try ChildProcess(starting: ChildLaunch(Scene.program, line, environment: environment))
            let scratch = try scene.waitFor("a scratch folder") { try Self.scratchFolders(parent).first }
            if stage > 0 {
                let server = try scene.waitFor("a server") { Self.postmaster(scratch) }
                usleep(useconds_t(stage - 1) * 150_000)
                #expect(run.endingIfOver() == nil, "the drill ended before it could be killed")
                run.send(.kill)
                #expect(run.wait() == .killed(signal: SIGKILL))
                try scene.waitFor("the end of the server") { Self.isRunning(server) ? nil : () }
            } else {
                run.send(.kill)
                _ = run.wait()
            }
            #expect(try !Self.scratchFolders(parent).isEmpty, "nothing was left to remove")
            let next = try scene.lifeboat("drill", "--from", scene.repository, environment: ["TMPDIR": parent])
            #expect(next.status == 0, "\(next)")
            #expect(try Self.scratchFolders(parent) == [])
        }
    }

    private static func scratchFolders(_ parent: String) throws -> [String] {
        guard let folder = opendir(parent) else { return [] }
        defer { closedir(folder) }
        var found: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("lifeboat-drill-") { found.append(parent + "/" + name) }
        }
        return found
    }

    private static func postmaster(_ scratch: String) -> pid_t? {
        guard let bytes = try? FileSource(path: scratch + "/data/postmaster.pid").readAll(limit: 4096) else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.flatMap { pid_t($0) }
    }

    /// Whether a process lives; one that nobody has reaped yet does not.
    private static func isRunning(_ process: pid_t) -> Bool {
        // A file of /proc has no size, so it is read as a stream.
        guard let stream = fopen("/proc/\(process)/stat", "r") else { return false }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, stream)
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return false }
        return !text[end...].hasPrefix(") Z")
    }

    /// Few rows but every step of a backup: tables of both kinds, a sequence, a large object.
    private static let ledger = """
        CREATE TABLE page (number integer);
        INSERT INTO page VALUES (0);
        CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, page integer, body text);
        INSERT INTO entry (page, body) SELECT 0, md5(n::text) FROM generate_series(1, 3000) n;
        CREATE TABLE still AS SELECT n, md5(n::text) AS body FROM generate_series(1, 3000) n;
        SELECT lo_from_bytea(0, 'a large object');
        """
}

/// A database that changes, backups of it that are killed, and what must be true after each.
private struct KillCampaign {
    private let scene: Scene
    private var random: SplitMix
    /// How long a backup takes when nobody kills it, in microseconds.
    private let length: UInt64
    private var page = 0
    /// What the tables held at each page, by its number.
    private var contents: [String: String] = [:]
    private(set) var killed = 0
    /// Runs that had committed when they died.
    private(set) var committedAndKilled = 0
    private var points = 0

    init(_ scene: Scene, seed: UInt64, length: UInt64) throws {
        self.scene = scene
        random = SplitMix(seed: seed)
        self.length = length
        points = try scene.files("points").count
        contents["0"] = try Self.content(scene.source)
    }

    /// Changes the database a little and remembers what it holds.
    mutating func turnPage() throws {
        page += 1
        try scene.change(
            """
            UPDATE page SET number = \(page);
            INSERT INTO entry (page, body) SELECT \(page), md5(random()::text) FROM generate_series(1, 20);
            DELETE FROM entry WHERE id % 97 = \(page % 97);
            """
        )
        contents["\(page)"] = try Self.content(scene.source)
    }

    /// Kills a backup at a random moment of its life.
    mutating func killBackup() throws {
        let run = try scene.startBackup()
        usleep(random.next(below: length * 21 / 20))
        try end(run)
    }

    /// Kills a backup just after it has made something durable, which is the moment before or after its commit.
    mutating func killBackup(onceThereIsMoreIn part: String, then delay: Duration) throws {
        let before = try scene.files(part).count
        let run = try scene.startBackup()
        while run.endingIfOver() == nil, try scene.files(part).count == before { usleep(200) }
        usleep(useconds_t(delay / .microseconds(1)))
        try end(run)
    }

    private mutating func end(_ run: ChildProcess) throws {
        run.send(.kill)
        let wasKilled = run.wait() == .killed(signal: SIGKILL)
        let now = try scene.files("points").count
        #expect(now == points || now == points + 1)
        if wasKilled { killed += 1 }
        if wasKilled, now > points { committedAndKilled += 1 }
        points = now
    }

    /// Every point that is there is listed, and sound.
    func expectSoundPoints() throws {
        let answer = try scene.lifeboat("points", "--from", scene.repository, "--format", "json")
        #expect(answer.status == 0, "\(answer)")
        let rows = JSON(answer)["points"]
        #expect(try rows.count == scene.files("points").count)
        for row in 0..<rows.count { #expect(rows[row]["damaged"].text == nil, "\(answer)") }
    }

    /// The newest point gives back the page that it shows, to the last row.
    func expectNewestRestores() throws {
        try withDatabase(options: "TEMPLATE template0") { target in
            let text = target.words
            let answer = try scene.lifeboat("restore", "latest", "--from", scene.repository, "--to", text)
            try #require(answer.status == 0, "\(answer)")
            let page = try #require(try scene.value("SELECT number FROM page", in: target))
            #expect(try contents[page] == Self.content(target))
        }
    }

    private static func content(_ settings: ConnectionSettings) throws -> String {
        try Connection(settings).query(
            """
            SELECT (SELECT md5(string_agg(e::text, ',' ORDER BY id)) FROM entry e) || (SELECT number FROM page)
              || (SELECT md5(string_agg(s::text, ',' ORDER BY n)) FROM still s) || (SELECT last_value FROM entry_id_seq)
              || (SELECT string_agg(md5(lo_get(oid)), ',') FROM pg_largeobject_metadata)
            """
        )[0, 0] ?? ""
    }
}

extension Scene {
    /// Starts a backup and leaves it alone.
    fileprivate func startBackup() throws -> ChildProcess {
        let line = ["backup", sourceText, "--to", repository, "--plan", "shop"]
        return try ChildProcess(starting: ChildLaunch(Self.program, line, environment: environment()))
    }

    /// How long a backup takes from its start to its end, in microseconds.
    fileprivate func lengthOfBackup() throws -> UInt64 {
        let start = ContinuousClock.now
        let run = try startBackup()
        try #require(run.wait().isSuccess)
        return UInt64((ContinuousClock.now - start) / .microseconds(1))
    }

    /// Waits until there is something, for half a minute at most.
    @discardableResult
    fileprivate func waitFor<Value>(_ what: String, _ probe: () throws -> Value?) throws -> Value {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if let value = try probe() { return value }
            usleep(1000)
        }
        Issue.record("waited in vain for \(what)")
        throw CancellationError()
    }
}

/// Steele, Lea and Flood's generator: the same numbers from the same seed.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number of microseconds.
    mutating func next(below limit: UInt64) -> useconds_t { useconds_t(next() % max(limit, 1)) }
}
