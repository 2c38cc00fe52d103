import Model

/// Which recovery points to keep.
///
/// A rule keeps the newest point of each of its last N hours, days, weeks, months or years; a point that any rule keeps
/// stays. A policy that says nothing keeps everything.
package struct RetentionPolicy: Sendable, Hashable, Codable {
    /// The counts of each rule; absent and 0 mean that the rule keeps nothing.
    package struct Keep: Sendable, Hashable {
        package var last: Int?
        package var hourly: Int?
        package var daily: Int?
        package var weekly: Int?
        package var monthly: Int?
        package var yearly: Int?
        /// Keeps all points no older than this, measured back from the newest good point, so that points do not melt away
        /// while backups fail.
        package var within: Duration?

        /// Creates the counts.
        package init(
            last: Int? = nil,
            hourly: Int? = nil,
            daily: Int? = nil,
            weekly: Int? = nil,
            monthly: Int? = nil,
            yearly: Int? = nil,
            within: Duration? = nil
        ) {
            self.last = last
            self.hourly = hourly
            self.daily = daily
            self.weekly = weekly
            self.monthly = monthly
            self.yearly = yearly
            self.within = within
        }
    }

    package var keep: Keep
    /// How many good points stay whatever the rules say.
    package var minimumPoints: Int?

    /// Creates a policy; one that keeps everything by default.
    package init(keep: Keep = Keep(), minimumPoints: Int? = nil) {
        self.keep = keep
        self.minimumPoints = minimumPoints
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        keep = try container.decodeIfPresent(Keep.self, forKey: .keep) ?? Keep()
        minimumPoints = try container.decodeIfPresent(Int.self, forKey: .minimumPoints)
    }

    /// No rule keeps anything; then everything is kept.
    package var isEmpty: Bool {
        keep.counts.allSatisfy { $0.count <= 0 } && (keep.within ?? .zero) <= .zero && (minimumPoints ?? 0) <= 0
    }

    /// What is wrong with the numbers, one sentence each; empty when nothing is.
    package var problems: [String] {
        var problems = keep.counts.filter { $0.count < 0 }.map {
            "'\($0.rule)' is \($0.count); it counts points, 0 or more"
        }
        if let minimumPoints, minimumPoints < 0 {
            problems.append("'minimumPoints' is \(minimumPoints); it counts points, 0 or more")
        }
        return problems
    }
}

extension RetentionPolicy.Keep {
    fileprivate var counts: [(rule: String, count: Int)] {
        [("last", last ?? 0)] + RetentionRule.allCases.map { ($0.rawValue, self[$0]) }
    }

    /// How many of a rule's spans are kept.
    subscript(rule: RetentionRule) -> Int {
        switch rule {
        case .hourly: hourly ?? 0
        case .daily: daily ?? 0
        case .weekly: weekly ?? 0
        case .monthly: monthly ?? 0
        case .yearly: yearly ?? 0
        }
    }
}

extension RetentionPolicy.Keep: Codable {
    private enum CodingKeys: String, CodingKey {
        case last, hourly, daily, weekly, monthly, yearly, within
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        last = try container.decodeIfPresent(Int.self, forKey: .last)
        hourly = try container.decodeIfPresent(Int.self, forKey: .hourly)
        daily = try container.decodeIfPresent(Int.self, forKey: .daily)
        weekly = try container.decodeIfPresent(Int.self, forKey: .weekly)
        monthly = try container.decodeIfPresent(Int.self, forKey: .monthly)
        yearly = try container.decodeIfPresent(Int.self, forKey: .yearly)
        within = try container.decodeHumanDurationIfPresent(forKey: .within)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(last, forKey: .last)
        try container.encodeIfPresent(hourly, forKey: .hourly)
        try container.encodeIfPresent(daily, forKey: .daily)
        try container.encodeIfPresent(weekly, forKey: .weekly)
        try container.encodeIfPresent(monthly, forKey: .monthly)
        try container.encodeIfPresent(yearly, forKey: .yearly)
        try container.encodeHumanDurationIfPresent(within, forKey: .within)
    }
}
