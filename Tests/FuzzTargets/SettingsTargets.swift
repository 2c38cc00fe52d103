import Diagnostics
import Model
import Policy
import PostgresClient
import Settings

extension FuzzTarget {
    /// The readers of what people write.
    static func settings() throws -> [FuzzTarget] {
        let json5 = [
            "{", "}", "[", "]", "//", "/*", "*/", "'", "\\", "\\u{", "0x", "+", ".", "e9", "plans:", "retention:",
        ]
        return [
            FuzzTarget("settings", texts: [sampleSettings], words: json5 + ["schedule", "objectives", "@daily"]) {
                text in
                _ = try? Settings.parse(Array(text.utf8), path: "fuzz", folder: "/")
            },
            FuzzTarget("json5", texts: [sampleSettings, "[1, .5, 0x1F, 'a', \"b\\\n\"]"], words: json5) { text in
                _ = try? JSON5Parser.parse(Array(text.utf8))
            },
            FuzzTarget("retention", texts: [#"{ "a": { keep: { daily: 30, within: "48h" } } }"#], words: json5) {
                text in
                _ = try? RetentionPolicies.parse(Array(text.utf8), path: "fuzz")
            },
            FuzzTarget(
                "cron",
                texts: ["0 */12 * * *", "5,10-20/3 2 1 JAN mon"],
                words: ["*", "/", "-", ",", "@", "31 2", "FEB"]
            ) {
                guard let schedule = try? CronSchedule($0) else { return }
                let start = Instant(secondsSinceEpoch: 1_800_000_000)
                guard let next = schedule.next(after: start, in: .utc) else {
                    throw FuzzFinding("'\($0)' is accepted and never runs")
                }
                try require(next > start, "'\($0)' runs before it is asked for")
            },
            FuzzTarget(
                "connection",
                texts: ["postgres://user@host:5432/db?sslmode=require", "host='a b' port=1 dbname='x\\'y'"],
                words: ["postgres://", "postgresql://", "password=", "%00", "%3A", "@", ":", "?", "&", "'", "\\"]
            ) { text in
                guard let read = try? ConnectionSettings(text: text) else { return }
                _ = (read.displayName, read.host, read.port, read.user, read.database, read.isLocal)
            },
        ]
    }

    private static let sampleSettings = """
        // a comment
        { repositories: { local: { path: "./repo" } }, scratch: { here: "ephemeral" },
          plans: { shop: { source: { postgres: "service=shop" },
            schedule: { backup: "0 */12 * * *", drill: "@monthly", timezone: "UTC" },
            objectives: { rto: "2h", rpo: "24h", drillEvery: "31d" },
            repositories: ["local"], retention: "nightly-30d",
            assertions: [ { sql: "select 1" } ], }, }, }
        """
}
