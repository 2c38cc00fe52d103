import CommandLineKit
import Model
import Policy

/// Reads one plan of `lifeboat.json`.
struct PlanReader {
    let settings: SettingsReader
    let names: SettingsReader.Names

    private var list: ProblemList { settings.list }

    func plan(_ member: SettingsNode.Member) -> PlanSettings? {
        guard let reader = ObjectReader(member.value, .plan, list) else { return nil }
        // All is read before anything can end the reading, so that every mistake is found.
        let source = reader.object("source", .source).flatMap(source)
        let excludedTables = excludedTables(reader)
        let excludedObjects = (reader.elements("excludeObjects") ?? []).compactMap { reader.text($0, "excludeObjects") }
        let repositories = repositories(reader)
        let objectives = reader.object("objectives", .objectives).map { self.objectives($0, repositories.count) }
        let retention = retention(reader)
        let prunes = reader.node("retention") != nil
        let schedule = reader.object("schedule", .schedule).map { self.schedule($0, prunes: prunes) }
        let scratch = scratch(reader)
        let recoveryTarget = reader.choice("recoveryTarget", of: DrillRun.TargetClass.self)
        let assertions = assertions(reader)
        let workers = reader.integer("workers")
        let rereadWithin = reader.duration("rereadWithin")
        let rereadBudget = reader.size("rereadBudget")
        let maxLockWait = reader.duration("maxLockWait")
        let (maxBackupTime, maxDrillTime) = (reader.duration("maxBackupTime"), reader.duration("maxDrillTime"))
        let notifications = reader.object("notifications", .notifications)
        let pingURL = notifications.flatMap { url("ping", $0) }
        let drillPingURL = notifications.flatMap { url("drillPing", $0) }
        guard let source else { return nil }
        return PlanSettings(
            name: member.key,
            place: "\(settings.path):\(member.keyPosition)",
            source: source,
            excludedTables: excludedTables,
            excludedObjects: excludedObjects,
            schedule: schedule ?? PlanSettings.Schedule(),
            objectives: objectives ?? PlanSettings.Objectives(),
            repositories: repositories,
            retention: retention?.policy,
            retentionName: retention?.name,
            scratch: scratch,
            recoveryTarget: recoveryTarget ?? .ephemeral,
            assertions: assertions,
            workers: workers,
            rereadWithin: rereadWithin,
            rereadBudget: rereadBudget,
            maxLockWait: maxLockWait,
            maxBackupTime: maxBackupTime,
            maxDrillTime: maxDrillTime,
            pingURL: pingURL,
            drillPingURL: drillPingURL
        )
    }

    private func source(_ reader: ObjectReader) -> PlanSettings.Source? {
        let connection = reader.text("postgres")
        let variable = reader.text("env")
        switch (connection, variable) {
        case (let connection?, nil):
            guard !holdsPassword(connection) else {
                list.add(
                    "the connection string holds a password",
                    at: reader.node("postgres")?.position ?? reader.position,
                    hint: "use { env: \"DATABASE_URL\" } and set that variable, or a password file."
                )
                return nil
            }
            return .connection(connection)
        case (nil, let variable?):
            guard variable.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil else {
                // The value may be the secret itself, put into the wrong place: it is not quoted.
                list.add(
                    "'env' is not the name of an environment variable",
                    at: reader.node("env")?.position ?? reader.position,
                    hint: "write the name of the variable, not its value."
                )
                return nil
            }
            return .environment(variable)
        case (.some, .some):
            list.add("a source has both 'postgres' and 'env'", at: reader.position, hint: "keep one of them.")
        case (nil, nil) where reader.node("postgres") == nil && reader.node("env") == nil:
            list.add(
                "a source names no database",
                at: reader.position,
                hint: "add postgres: \"service=NAME\" or env: \"VARIABLE\"."
            )
        case (nil, nil): break
        }
        return nil
    }

    private func excludedTables(_ reader: ObjectReader) -> [String] {
        (reader.elements("exclude") ?? []).compactMap { node in
            guard let pattern = reader.text(node, "exclude") else { return nil }
            guard pattern.contains("."), !pattern.hasPrefix("."), !pattern.hasSuffix(".") else {
                list.add(
                    "'\(pattern)' in 'exclude' names no schema",
                    at: node.position,
                    hint: "write 'public.\(pattern)', or '\(pattern).*' for a whole schema."
                )
                return nil
            }
            if let kind = pattern.firstMatch(of: /^([a-z-]+):/)?.1, kind != "table", kind != "schema" {
                list.add(
                    "'\(pattern)' in 'exclude' names no table",
                    at: node.position,
                    hint: "the rows of tables are left out here, and definitions stay: write 'public.NAME'."
                )
                return nil
            }
            return pattern
        }
    }

    private func repositories(_ reader: ObjectReader) -> [String] {
        guard let elements = reader.elements("repositories") else { return names.repositories }
        if elements.isEmpty {
            list.add(
                "'repositories' of a plan is empty",
                at: reader.node("repositories")?.position ?? reader.position,
                hint: "name at least one, or leave the key out for all of them."
            )
        }
        var found: [String] = []
        for node in elements {
            guard let name = reader.text(node, "repositories") else { continue }
            if !names.repositories.contains(name) {
                list.add("unknown repository '\(name)'", at: node.position, hint: known(names.repositories, name))
            } else if found.contains(name) {
                list.add("repository '\(name)' is named twice", at: node.position, hint: "keep one of them.")
            } else {
                found.append(name)
            }
        }
        return found
    }

    private func retention(_ reader: ObjectReader) -> (policy: RetentionPolicy, name: String)? {
        guard let node = reader.node("retention") else { return nil }
        guard case .string(let name) = node.value else {
            return RetentionReader(list: list).policy(node).map { ($0, "inline") }
        }
        if let policy = settings.policies[name] { return (policy, name) }
        list.add("unknown retention policy '\(name)'", at: node.position, hint: known(settings.policies.names, name))
        return nil
    }

    private func scratch(_ reader: ObjectReader) -> ScratchSettings? {
        guard let node = reader.node("scratch"), let name = reader.text("scratch") else { return names.scratch.first }
        if let scratch = names.scratch.first(where: { $0.name == name }) { return scratch }
        list.add("unknown scratch target '\(name)'", at: node.position, hint: known(names.scratch.map(\.name), name))
        return nil
    }

    private func assertions(_ reader: ObjectReader) -> [PlanSettings.Assertion] {
        (reader.elements("assertions") ?? []).compactMap { node in
            guard let reader = ObjectReader(node, .assertion, list), let sql = reader.text("sql") else { return nil }
            return PlanSettings.Assertion(name: reader.text("name") ?? sql, sql: sql)
        }
    }

    private func url(_ key: String, _ reader: ObjectReader) -> String? {
        guard let node = reader.node(key), let url = reader.text(key) else { return nil }
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), !url.contains(where: \.isWhitespace) else {
            list.add("'\(key)' is not a URL", at: node.position, hint: "use one that begins with https://.")
            return nil
        }
        guard !holdsPassword(url) else {
            list.add("'\(key)' holds a password", at: node.position, hint: "use a URL without one.")
            return nil
        }
        return url
    }

    private func known(_ names: [String], _ typed: String) -> String {
        if let near = Suggestion.nearest(to: typed, in: names) { return "did you mean '\(near)'?" }
        return names.isEmpty ? "none is defined." : "the known ones are: \(names.joined(separator: ", "))."
    }
}

extension PlanReader {
    private func schedule(_ reader: ObjectReader, prunes: Bool) -> PlanSettings.Schedule {
        var schedule = PlanSettings.Schedule()
        schedule.backup = cron("backup", reader)
        schedule.drill = cron("drill", reader)
        schedule.prune = cron("prune", reader)
        schedule.verify = cron("verify", reader)
        if let node = reader.node("prune"), !prunes {
            list.add(
                "'prune' is scheduled for a plan that keeps everything",
                at: node.position,
                hint: "name a policy in the plan, such as retention: \"nightly-30d\", or leave 'prune' out."
            )
        }
        if let node = reader.node("verifyWithin") {
            if let within = reader.duration("verifyWithin") { schedule.verifyWithin = within }
            if reader.node("verify") == nil {
                list.add(
                    "'verifyWithin' without 'verify' changes nothing",
                    at: node.position,
                    hint: "add for example verify: \"0 6 * * 0\"."
                )
            }
        }
        if let node = reader.node("timezone"), let name = reader.text("timezone") {
            do {
                schedule.timeZone = try SystemTimeZones.load(name)
            } catch {
                list.add("'timezone': \(error)", at: node.position)
            }
        }
        return schedule
    }

    private func cron(_ key: String, _ reader: ObjectReader) -> CronSchedule? {
        guard let node = reader.node(key), let text = reader.text(key) else { return nil }
        do {
            return try CronSchedule(text)
        } catch {
            list.add("'\(key)': \(error.description)", at: node.position)
            return nil
        }
    }

    private func objectives(_ reader: ObjectReader, _ repositoryCount: Int) -> PlanSettings.Objectives {
        let objectives = PlanSettings.Objectives(
            recoveryTime: reader.duration("rto"),
            recoveryPoint: reader.duration("rpo"),
            maximumDowntime: reader.duration("mtd"),
            drillEvery: reader.duration("drillEvery"),
            copies: reader.integer("copies"),
            decisionAllowance: reader.duration("decisionAllowance"),
            workRecovery: reader.duration("workRecovery")
        )
        if let copies = objectives.copies, copies > repositoryCount, let node = reader.node("copies") {
            list.add(
                "'copies' is \(copies), but the plan has \(repositoryCount == 1 ? "1 repository" : "\(repositoryCount) repositories")",
                at: node.position,
                hint: "name more repositories, or promise fewer copies."
            )
        }
        if let limit = objectives.maximumDowntime, let goal = objectives.recoveryTime, goal > limit,
            let node = reader.node("rto")
        {
            list.add(
                "'rto' is longer than 'mtd'",
                at: node.position,
                hint: "promise a recovery that is over before the downtime becomes intolerable."
            )
        }
        return objectives
    }
}

/// Whether a URL or a connection string carries a password.
package func holdsPassword(_ text: String) -> Bool {
    if text.firstMatch(of: /(?i)(^|[\s?&;])(ssl)?password\s*=\s*[^\s&]/) != nil { return true }
    guard let scheme = text.firstRange(of: "://") else { return false }
    // The last '@' parts the user from the host: passwords may hold one themselves. A '/' in a password should be
    // written %2F; a database's URL whose password has a plain one must not get through either.
    let isWeb = text.hasPrefix("http")
    let authority = text[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" && !(isWeb && $0 == "/") }
    guard let at = authority.lastIndex(of: "@") else { return false }
    return authority[..<at].contains(":")
}
