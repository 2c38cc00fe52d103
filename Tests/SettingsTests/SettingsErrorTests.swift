import Diagnostics
import Settings
import Testing

/// A file around one plan, for mistakes inside the plan: the text begins at 3:3.
private func plan(_ text: String) -> String {
    "{ repositories: { local: { path: 'r' }, eu: { path: 'e' } }, scratch: { here: 'ephemeral' }, plans: { shop: {\n"
        + "  source: { postgres: 'service=shop' },\n  \(text)\n} } }"
}

/// A file, and the exact lines that it deserves.
private let table: [(file: String, lines: [String])] = [
    (
        plan("retenton: 'gfs',"),
        ["error: unknown key 'retenton' in lifeboat.json:3:3", "hint: did you mean 'retention'?"]
    ),
    (
        plan("retention: 'nightly30d',"),
        ["error: unknown retention policy 'nightly30d' in lifeboat.json:3:14", "hint: did you mean 'nightly-30d'?"]
    ),
    (
        plan("retention: 'forever',"),
        [
            "error: unknown retention policy 'forever' in lifeboat.json:3:14",
            "hint: the known ones are: daily-30d-weekly, daily-7d, gfs, hourly-48h, nightly-30d.",
        ]
    ),
    (
        plan("repositories: ['locl'],"),
        ["error: unknown repository 'locl' in lifeboat.json:3:18", "hint: did you mean 'local'?"]
    ),
    (
        plan("repositories: ['eu', 'local', 'eu'],"),
        ["error: repository 'eu' is named twice in lifeboat.json:3:33", "hint: keep one of them."]
    ),
    (
        plan("repositories: [],"),
        [
            "error: 'repositories' of a plan is empty in lifeboat.json:3:17",
            "hint: name at least one, or leave the key out for all of them.",
        ]
    ),
    (
        plan("scratch: 'her',"),
        ["error: unknown scratch target 'her' in lifeboat.json:3:12", "hint: did you mean 'here'?"]
    ),
    (
        plan("workers: 'four',"),
        ["error: 'workers' must be a whole number from 1 to 64, not a string in lifeboat.json:3:12"]
    ),
    (plan("workers: 0,"), ["error: 'workers' must be a whole number from 1 to 64, not 0 in lifeboat.json:3:12"]),
    (plan("workers: 1.5,"), ["error: 'workers' must be a whole number from 1 to 64, not 1.5 in lifeboat.json:3:12"]),
    (
        plan("objectives: { rto: 7200 },"),
        [
            "error: 'rto' must be a duration in quotes, like \"90m\", \"24h\" or \"30d\", not a number in "
                + "lifeboat.json:3:22"
        ]
    ),
    (
        plan("objectives: { rto: '4 lunches' },"),
        [
            "error: 'rto': '4 lunches' has the unknown unit 'lunches'; the units are ms, s, m (minutes), h, d and w in "
                + "lifeboat.json:3:22"
        ]
    ),
    (plan("objectives: { rpo: '0h' },"), ["error: 'rpo' must be longer than nothing, not '0h' in lifeboat.json:3:22"]),
    (
        plan("objectives: { rto: '3h', mtd: '2h' },"),
        [
            "error: 'rto' is longer than 'mtd' in lifeboat.json:3:22",
            "hint: promise a recovery that is over before the downtime becomes intolerable.",
        ]
    ),
    (
        plan("objectives: { copies: 3 },"),
        [
            "error: 'copies' is 3, but the plan has 2 repositories in lifeboat.json:3:25",
            "hint: name more repositories, or promise fewer copies.",
        ]
    ),
    (
        plan("recoveryTarget: 'ephemral',"),
        [
            "error: 'ephemral' is not a value of 'recoveryTarget' in lifeboat.json:3:19",
            "hint: did you mean 'ephemeral'?",
        ]
    ),
    (
        plan("exclude: ['sessions'],"),
        [
            "error: 'sessions' in 'exclude' names no schema in lifeboat.json:3:13",
            "hint: write 'public.sessions', or 'sessions.*' for a whole schema.",
        ]
    ),
    (
        plan("assertions: [{ name: 'x' }],"),
        [
            "error: an assertion lacks 'sql' in lifeboat.json:3:16",
            "hint: add it: a query that returns one row with one boolean.",
        ]
    ),
    (
        plan("workers: 2, workers: 3,"),
        [
            "error: 'workers' is given twice in lifeboat.json:3:15",
            "hint: keep one of them; the first is at 3:3.",
        ]
    ),
    (
        plan("notifications: { ping: 'example.org' },"),
        ["error: 'ping' is not a URL in lifeboat.json:3:26", "hint: use one that begins with https://."]
    ),
    (
        plan("retention: { keep: {} },"),
        [
            "error: the retention policy keeps nothing in lifeboat.json:3:22",
            "hint: leave 'retention' out to keep everything.",
        ]
    ),
    (
        "{ repositories: {}, plans: {} }",
        [
            "error: 'repositories' names no repository in lifeboat.json:1:17",
            "hint: add one: local: { path: \"./repository\" }.",
        ]
    ),
    ("[]", ["error: the settings file must be an object, not a list in lifeboat.json:1:1"]),
    (
        "{ plans: {} ",
        [
            "error: expected ',' or '}', found the end of the file in lifeboat.json:1:13",
            "hint: the object begins at 1:1.",
        ]
    ),
    (
        "{ repositories: { 'a/b': { path: 'x' } }, plans: {} }",
        [
            "error: 'a/b' is no name in lifeboat.json:1:19",
            "hint: use letters, digits, '-', '_' and '.', beginning with a letter or digit.",
        ]
    ),
    (
        "{ repositories: { a: { path: 'x' } }, plans: { shop: { source: {} } } }",
        [
            "error: a source names no database in lifeboat.json:1:64",
            "hint: add postgres: \"service=NAME\" or env: \"VARIABLE\".",
        ]
    ),
]

@Suite("A mistake in the settings is shown where it stands")
struct SettingsErrorTests {
    @Test("each mistake has its exact lines")
    func lines() {
        for (file, lines) in table {
            let errors = #expect(throws: SettingsErrors.self, "\(file)") { try parse(file) }
            #expect(errors?.diagnostics.flatMap { $0.lines() }.sorted() == lines.sorted(), "\(file)")
            for diagnostic in errors?.diagnostics ?? [] { #expect(diagnostic.code == .settingsInvalid) }
        }
    }

    @Test("one run reports every mistake of the file, in its order")
    func all() throws {
        let file = """
            {
              repositorys: {},
              repositories: { local: { path: "r", lock: "30d" } },
              scratch: { here: "docker" },
              plans: {
                shop: {
                  source: { postgres: "service=shop", env: "X" },
                  schedule: { backup: "0 25 * * *", timezone: "Europe/Atlantis" },
                  objectives: { rto: "soon" },
                  workers: 100,
                },
              },
            }
            """
        let errors = try #require(throws: SettingsErrors.self) { try parse(file) }
        #expect(errors.diagnostics.map { $0.context["line"] } == ["2", "3", "4", "7", "8", "8", "9", "10"])
        #expect(errors.diagnostics.allSatisfy { $0.code == .settingsInvalid && $0.summary.contains("lifeboat.json:") })
    }

    @Test("what is scheduled and would do nothing is refused")
    func idleSchedules() throws {
        let plan = "source: { env: 'X' }, schedule: { prune: '@daily', verifyWithin: '7d' }"
        let file = "{ repositories: { a: { path: 'x' } }, plans: { shop: { \(plan) } } }"
        let errors = try #require(throws: SettingsErrors.self) { try parse(file) }
        #expect(
            errors.diagnostics.map(\.summary) == [
                "'prune' is scheduled for a plan that keeps everything in lifeboat.json:1:97",
                "'verifyWithin' without 'verify' changes nothing in lifeboat.json:1:121",
            ]
        )
    }

    @Test("a policy that is not known is one mistake, also where a prune is scheduled")
    func unknownPolicy() throws {
        let plan = "source: { env: 'X' }, schedule: { prune: '@daily' }, retention: 'nope'"
        let file = "{ repositories: { a: { path: 'x' } }, plans: { shop: { \(plan) } } }"
        let errors = try #require(throws: SettingsErrors.self) { try parse(file) }
        #expect(errors.diagnostics.count == 1, "\(errors.diagnostics)")
    }

    @Test("a password in the settings is refused and not repeated")
    func passwords() throws {
        for secret in [
            "postgres://u:hunter2@h/db", "postgresql://u:hunter2@h", "host=h password=hunter2",
            "postgres://h/db?password=hunter2", "host=h PASSWORD = 'hunter2'", "postgres://u:hun/ter2@h/db",
            "dbname=x sslpassword=hunter2",
        ] {
            let file =
                "{ repositories: { a: { path: 'x' } }, plans: { shop: { source: { postgres: \"\(secret)\" } } } }"
            let errors = try #require(throws: SettingsErrors.self, "\(secret)") { try parse(file) }
            #expect(
                errors.diagnostics.map { $0.description } == [
                    "error: the connection string holds a password in lifeboat.json:1:76\n"
                        + "hint: use { env: \"DATABASE_URL\" } and set that variable, or a password file."
                ],
                "\(secret)"
            )
        }
        for plain in ["postgres://u@h:5432/db", "host=h user=u", "service=password", "postgres:///db?host=/tmp"] {
            #expect(!holdsPassword(plain), "\(plain)")
        }
        let value =
            "{ repositories: { a: { path: 'x' } }, plans: { shop: { source: { env: 'postgres://u:hunter2@h' } } } }"
        let errors = try #require(throws: SettingsErrors.self) { try parse(value) }
        #expect(!errors.diagnostics.description.contains("hunter2"))
    }
}
