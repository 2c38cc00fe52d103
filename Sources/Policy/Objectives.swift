import Model

/// What was promised about recovery; every promise is optional.
package struct Objectives: Sendable, Hashable {
    /// Recovery time objective: how long a recovery may take, from declared to validated.
    package var rto: Duration?
    /// Recovery point objective: how much of the latest data, in time, may be lost.
    package var rpo: Duration?
    /// Maximum tolerable downtime, including the work that follows a recovery.
    package var mtd: Duration?
    /// The longest time between two drills that prove a point.
    package var drillEvery: Duration?
    /// In how many repositories each point must lie.
    package var copies: Int?
    /// Time that people need before a recovery is declared; drills do not measure it, so it is added to what they do.
    package var decisionAllowance: Duration?
    /// Work after a validated recovery until business runs again; counts against `mtd`.
    package var workRecovery: Duration?

    /// Creates objectives; none by default.
    package init(
        rto: Duration? = nil,
        rpo: Duration? = nil,
        mtd: Duration? = nil,
        drillEvery: Duration? = nil,
        copies: Int? = nil,
        decisionAllowance: Duration? = nil,
        workRecovery: Duration? = nil
    ) {
        self.rto = rto
        self.rpo = rpo
        self.mtd = mtd
        self.drillEvery = drillEvery
        self.copies = copies
        self.decisionAllowance = decisionAllowance
        self.workRecovery = workRecovery
    }

    /// What is contradictory or out of range, one sentence each; empty when nothing is.
    package var problems: [String] {
        var problems: [String] = []
        for (name, value) in [("rto", rto), ("rpo", rpo), ("mtd", mtd), ("drillEvery", drillEvery)] {
            if let value, value <= .zero { problems.append("'\(name)' is \(value.inWords); it is longer than nothing") }
        }
        if let rto, let mtd, rto > mtd {
            problems.append("'rto' (\(rto.inWords)) exceeds 'mtd' (\(mtd.inWords))")
        }
        if let copies, copies < 1 { problems.append("'copies' is \(copies); it is at least 1") }
        return problems
    }
}

extension Objectives: Codable {
    private enum CodingKeys: String, CodingKey {
        case rto, rpo, mtd, drillEvery, copies, decisionAllowance, workRecovery
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        rto = try container.decodeHumanDurationIfPresent(forKey: .rto)
        rpo = try container.decodeHumanDurationIfPresent(forKey: .rpo)
        mtd = try container.decodeHumanDurationIfPresent(forKey: .mtd)
        drillEvery = try container.decodeHumanDurationIfPresent(forKey: .drillEvery)
        copies = try container.decodeIfPresent(Int.self, forKey: .copies)
        decisionAllowance = try container.decodeHumanDurationIfPresent(forKey: .decisionAllowance)
        workRecovery = try container.decodeHumanDurationIfPresent(forKey: .workRecovery)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeHumanDurationIfPresent(rto, forKey: .rto)
        try container.encodeHumanDurationIfPresent(rpo, forKey: .rpo)
        try container.encodeHumanDurationIfPresent(mtd, forKey: .mtd)
        try container.encodeHumanDurationIfPresent(drillEvery, forKey: .drillEvery)
        try container.encodeIfPresent(copies, forKey: .copies)
        try container.encodeHumanDurationIfPresent(decisionAllowance, forKey: .decisionAllowance)
        try container.encodeHumanDurationIfPresent(workRecovery, forKey: .workRecovery)
    }
}
