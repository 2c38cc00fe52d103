/// The keys that one kind of object in a settings file may have.
///
/// Declared once: the reader refuses every other key, and the JSON Schemas in `docs` are written from it, so that
/// neither can know a key that the other does not.
package struct SettingsShape: Sendable {
    /// What a value must be.
    package indirect enum Kind: Sendable {
        case text
        case duration
        case cron
        case timeZone
        case boolean
        case rate
        case size
        case integer(ClosedRange<Int>)
        case choice([String])
        case list(Kind)
        /// An object whose keys are names that the user chooses.
        case named(Kind)
        case object(SettingsShape)
        case either([Kind])
    }

    package struct Key: Sendable {
        package let name: String
        package let kind: Kind
        package let isRequired: Bool
        package let meaning: String

        init(_ name: String, _ kind: Kind, required: Bool = false, _ meaning: String) {
            self.name = name
            self.kind = kind
            isRequired = required
            self.meaning = meaning
        }
    }

    /// What the object is, with its article: `a plan`.
    package let name: String
    package let keys: [Key]

    init(_ name: String, _ keys: [Key]) {
        self.name = name
        self.keys = keys
    }
}

extension SettingsShape {
    /// The whole of `lifeboat.json`.
    package static let settings = SettingsShape(
        "the settings file",
        [
            Key("$schema", .text, "Where editors find the JSON Schema of this file"),
            Key(
                "repositories",
                .named(.either([.object(folder), .object(s3), .object(sftp)])),
                required: true,
                "Where recovery points are kept, by name"
            ),
            Key(
                "scratch",
                .named(.either([.choice(["ephemeral"]), .object(scratch)])),
                "Where drills restore to, by name"
            ),
            Key("plans", .named(.object(plan)), required: true, "What is protected, by name"),
        ]
    )

    /// The whole of `retention.json`: policies by name.
    package static let retentionFile = Kind.named(.object(retention))

    static let folder = SettingsShape(
        "a repository",
        [Key("path", .text, required: true, "The folder, relative to the folder of this file")] + limits
    )

    static let s3 = SettingsShape(
        "a repository in S3",
        [
            Key("s3", .text, required: true, "s3://bucket/prefix"),
            Key("endpoint", .text, "The URL of a store that is not AWS"),
            Key("region", .text, "The region; otherwise AWS_REGION or the profile's"),
            Key("profile", .text, "The profile in the shared AWS files; otherwise AWS_PROFILE"),
            Key("pathStyle", .boolean, "Whether the bucket stands in the path and not in the host name"),
            Key("ca", .text, "A PEM file with the certificate authorities to trust, relative to this file's folder"),
            Key("storageClass", .text, "The storage class of archives"),
            Key("lock", .duration, "How long Object Lock keeps every object from being deleted"),
            Key("credentials", .choice(S3Location.Credentials.allCases.map(\.rawValue)), "Where credentials come from"),
            Key("deleteWith", .object(s3Deletion), "Other credentials, with which 'prune' deletes"),
        ] + limits
    )

    static let sftp = SettingsShape(
        "a repository behind SFTP",
        [
            Key("sftp", .text, required: true, "sftp://user@host:port/path, without a password"),
            Key("hostKey", .text, "The key the server must show: SHA256:… or as known_hosts has it"),
            Key("knownHosts", .text, "The file to look the server's key up in; ~/.ssh/known_hosts by default"),
            Key("identityFile", .text, "The private key to show; otherwise the agent's and the usual ones"),
            Key("passwordEnv", .text, "The environment variable that holds the password, where no key will do"),
            Key("deleteWith", .object(sftpDeletion), "Another login, with which 'prune' deletes"),
        ] + limits
    )

    static let s3Deletion = SettingsShape(
        "'deleteWith' of a bucket",
        [
            Key("profile", .text, "The profile in the shared AWS files"),
            Key("accessKeyEnv", .text, "The environment variable that holds the access key"),
            Key("secretKeyEnv", .text, "The environment variable that holds the secret key"),
            Key("sessionTokenEnv", .text, "The environment variable that holds the session token, where there is one"),
        ]
    )

    static let sftpDeletion = SettingsShape(
        "'deleteWith' behind SFTP",
        [
            Key("user", .text, "Whom to log in as; the user of the repository by default"),
            Key("identityFile", .text, "The private key to show"),
            Key("passwordEnv", .text, "The environment variable that holds the password, where no key will do"),
        ]
    )

    private static let limits = [
        Key("rateLimit", .rate, "How fast data may move each way, like 20MB/s"),
        Key("connections", .integer(1...64), "How many connections to use at once"),
    ]

    static let scratch = SettingsShape(
        "a scratch target",
        [Key("folder", .text, required: true, "Where the ephemeral cluster puts its files for the time of a drill")]
    )

    static let plan = SettingsShape(
        "a plan",
        [
            Key("source", .object(source), required: true, "What is read"),
            Key("exclude", .list(.text), "Tables whose rows are left out: schema.table, where * stands for any text"),
            Key(
                "excludeObjects",
                .list(.text),
                "What is left out with its definition: a schema, schema.table, or kind:name, where * stands for any text"
            ),
            Key("schedule", .object(schedule), "When to back up, drill, prune and verify"),
            Key("objectives", .object(objectives), "What was promised"),
            Key("repositories", .list(.text), "Names of repositories; all of them by default"),
            Key("retention", .either([.text, .object(retention)]), "How long points are kept: a policy, or its name"),
            Key("scratch", .text, "The name of the scratch target; the first one by default"),
            Key("recoveryTarget", .choice(["ephemeral", "server"]), "The class of scratch target that judges the RTO"),
            Key("assertions", .list(.object(assertion)), "Questions that every restored copy must answer with true"),
            Key("workers", .integer(1...64), "Connections that read or write at once"),
            Key("rereadWithin", .duration, "Every row is read again within this time, changed or not"),
            Key("rereadBudget", .size, "How much a backup may read again only because it is time, like 2GB"),
            Key("maxLockWait", .duration, "How long a session may wait for a table before a backup gives way"),
            Key("maxBackupTime", .duration, "How long a backup may take before it is given up; for ever by default"),
            Key("maxDrillTime", .duration, "How long a drill may take before it is given up; for ever by default"),
            Key("notifications", .object(notifications), "Whom to tell"),
        ]
    )

    static let source = SettingsShape(
        "a source",
        [
            Key("postgres", .text, "A connection string or URL without a password"),
            Key("env", .text, "The environment variable that holds the connection string"),
        ]
    )

    static let schedule = SettingsShape(
        "a schedule",
        [
            Key("backup", .cron, "When recovery points are taken"),
            Key("drill", .cron, "When the newest point is restored and proven"),
            Key("prune", .cron, "When points are removed that the retention no longer keeps"),
            Key("verify", .cron, "When a part of what is stored is read back and compared"),
            Key("verifyWithin", .duration, "Scheduled verifications read everything within this time; 30d by default"),
            Key("timezone", .timeZone, "The zone that all are meant in; UTC by default"),
        ]
    )

    static let objectives = SettingsShape(
        "the objectives",
        [
            Key("rto", .duration, "Recovery time objective: how long a recovery may take"),
            Key("rpo", .duration, "Recovery point objective: how much time of data may be lost"),
            Key("mtd", .duration, "Maximum tolerable downtime"),
            Key("drillEvery", .duration, "The longest time between two proven drills"),
            Key("copies", .integer(1...16), "How many repositories must hold each point"),
            Key("decisionAllowance", .duration, "Time to notice and to decide, added to each measured recovery"),
            Key("workRecovery", .duration, "Work after a recovery until business runs again, counted against mtd"),
        ]
    )

    static let assertion = SettingsShape(
        "an assertion",
        [
            Key("sql", .text, required: true, "A query that returns one row with one boolean"),
            Key("name", .text, "What reports call it; the query itself by default"),
        ]
    )

    static let notifications = SettingsShape(
        "the notifications",
        [
            Key("ping", .text, "A URL that backups call when they end; /fail is appended when they end badly"),
            Key(
                "drillPing",
                .text,
                "The same for drills: another URL, or a drill of an old point would call off a backup's alarm"
            ),
        ]
    )

    static let retention = SettingsShape(
        "a retention policy",
        [
            Key("keep", .object(keep), required: true, "Which points to keep; what any of the rules keeps stays"),
            Key("minimumPoints", .integer(0...100_000), "How many good points stay whatever the rules say"),
        ]
    )

    static let keep = SettingsShape(
        "'keep'",
        [
            Key("last", .integer(0...100_000), "Keep this many of the newest points"),
            Key("hourly", .integer(0...100_000), "Keep the newest point of each of this many hours"),
            Key("daily", .integer(0...100_000), "Keep the newest point of each of this many days"),
            Key("weekly", .integer(0...100_000), "Keep the newest point of each of this many weeks"),
            Key("monthly", .integer(0...100_000), "Keep the newest point of each of this many months"),
            Key("yearly", .integer(0...100_000), "Keep the newest point of each of this many years"),
            Key("within", .duration, "Keep every point no older than this, counted back from the newest"),
        ]
    )
}
