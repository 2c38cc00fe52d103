import Diagnostics
package import Model

/// What retention decided about one point.
package struct PruneDecision: Sendable, Hashable {
    package var point: PointName
    package var isKept: Bool
    /// Why, in words for people.
    package var reasons: [String]
    /// Whether it goes for nothing but its damaged bytes; it stays when they turn out to be good.
    package var isForDamage: Bool

    /// Creates a decision.
    package init(point: PointName, isKept: Bool, reasons: [String], isForDamage: Bool = false) {
        self.point = point
        self.isKept = isKept
        self.reasons = reasons
        self.isForDamage = isForDamage
    }
}

/// How a prune may behave beyond its defaults.
package struct PruneOptions: Sendable, Hashable {
    /// Delete at once what nothing refers to; only with no other live session.
    package var skipsWait: Bool
    /// Go on although a point's predecessor is gone and no prune recorded it, and write down that this was meant.
    package var acceptsBrokenChain: Bool
    /// The most that may go in one prune, of points, of archives and of bytes.
    package var maxSharePercent: Int

    /// Creates the options; the defaults are the careful ones.
    package init(skipsWait: Bool = false, acceptsBrokenChain: Bool = false, maxSharePercent: Int = 50) {
        self.skipsWait = skipsWait
        self.acceptsBrokenChain = acceptsBrokenChain
        self.maxSharePercent = maxSharePercent
    }
}

/// Everything a prune is decided from; gathered first, so that deciding is pure.
package struct PruneFacts: Sendable {
    package var points: [PointListing]
    package var decisions: [PruneDecision]
    /// What each point is and refers to; a point whose manifest cannot be read is not in here.
    package var known: [PointName: KnownPoint]
    package var archives: [ArchiveListing]
    package var sessions: [ListedSession]
    package var condemnedLists: [StoredCondemnedList]
    package var evidence: Evidence
    /// Where the chain of points is broken, and nobody has accepted it.
    package var breaks: [ChainBreak]
    /// Whether this machine has pruned here before, so that the points of then are known to be all there.
    package var hasCensus: Bool
    /// The store's clock.
    package var now: Instant
    package var options: PruneOptions

    /// Creates the facts.
    package init(
        points: [PointListing],
        decisions: [PruneDecision],
        known: [PointName: KnownPoint],
        archives: [ArchiveListing],
        sessions: [ListedSession],
        condemnedLists: [StoredCondemnedList],
        evidence: Evidence,
        breaks: [ChainBreak] = [],
        hasCensus: Bool = false,
        now: Instant,
        options: PruneOptions
    ) {
        self.points = points
        self.decisions = decisions
        self.known = known
        self.archives = archives
        self.sessions = sessions
        self.condemnedLists = condemnedLists
        self.evidence = evidence
        self.breaks = breaks
        self.hasCensus = hasCensus
        self.now = now
        self.options = options
    }
}

/// What a prune would do, with every reason: printed first, done only when asked.
package struct PrunePlan: Sendable, Hashable {
    package var kept: [PruneDecision]
    package var removed: [PruneDecision]
    package var collection: Collection
    package var options: PruneOptions
    /// The breaks in the chain of points that it goes on in spite of, and writes down as accepted.
    package var accepted: [ChainBreak]

    /// The bytes of the removed points themselves.
    package var removedPointBytes: Int64
    /// Why it is not done without `--max-share`; nil when nothing unusual would go.
    package var excess: PruneExcess?
    /// What reading some archives again would give back.
    package var repack: RepackPlan

    /// Decides what is done; refuses what must never be removed, whatever retention says.
    ///
    /// The newest complete point, the newest proven point and held points stay: asking to remove one is an error, not
    /// something that is quietly corrected, because it means that the decisions were made from other facts.
    package static func make(_ facts: PruneFacts) throws -> PrunePlan {
        let listed = Dictionary(facts.points.map { ($0.name, $0) }) { first, _ in first }
        let unknown = facts.decisions.first { listed[$0.point] == nil }
        if let unknown { throw changed(unknown.point) }
        var plan = PrunePlan(
            kept: [],
            removed: [],
            collection: .none,
            options: facts.options,
            accepted: facts.breaks,
            removedPointBytes: 0,
            repack: .none
        )
        let decided = Dictionary(facts.decisions.map { ($0.point, $0) }) { first, _ in first }
        let guardian = PruneGuardian(facts)
        for point in facts.points {
            var decision =
                decided[point.name] ?? PruneDecision(point: point.name, isKept: true, reasons: ["not decided"])
            if !decision.isKept, let user = guardian.liveUser(of: point.name) {
                decision.isKept = true
                decision.reasons = ["a live \(user.rawValue) uses it"]
            }
            if !decision.isKept, decision.isForDamage, facts.known[point.name] != nil {
                decision.isKept = true
                decision.reasons = ["it looked damaged, and can be read"]
            }
            if decision.isKept {
                plan.kept.append(decision)
            } else {
                try guardian.requireRemovable(point.name)
                plan.removed.append(decision)
                plan.removedPointBytes += point.bytes
            }
        }
        plan.collection = try collection(facts, staying: plan.kept.map(\.point))
        plan.excess = PruneExcess(plan, facts)
        plan.repack = RepackPlan(plan.kept.compactMap { facts.known[$0.point] }, in: facts)
        return plan
    }

    private static func collection(_ facts: PruneFacts, staying: [PointName]) throws -> Collection {
        var reachable: Set<ArchiveID> = []
        for point in staying {
            guard let known = facts.known[point] else { throw unreadable(point) }
            for use in known.uses { reachable.insert(use.archive) }
        }
        for session in facts.sessions where session.isLive(now: facts.now) {
            guard let base = session.state.base else { continue }
            guard let known = facts.known[base] else { throw inUse(base, session) }
            for use in known.uses { reachable.insert(use.archive) }
        }
        return Collection(
            archives: facts.archives,
            reachable: reachable,
            sessions: facts.sessions,
            condemnedLists: facts.condemnedLists,
            now: facts.now,
            skipsWait: facts.options.skipsWait
        )
    }

    private static func changed(_ point: PointName) -> Diagnostic {
        Diagnostic(
            .objectMissing,
            "refusing to prune: point '\(point)' was listed before and is not any more",
            cause: "another prune ran meanwhile, or the listing is incomplete",
            hint: "Run 'lifeboat prune' again.",
            retry: .later
        )
    }

    private static func unreadable(_ point: PointName) -> Diagnostic {
        Diagnostic(
            .objectCorrupt,
            "refusing to collect archives: point '\(point)' cannot be read, so nobody knows what it refers to",
            hint: "Put the point back from another copy, or let it go with --discard-damaged."
        )
    }

    private static func inUse(_ point: PointName, _ session: ListedSession) -> Diagnostic {
        Diagnostic(
            .busy,
            "refusing to collect archives: a live \(session.state.kind.rawValue) uses point '\(point)', which is gone",
            hint: "Run 'lifeboat prune' again when it has ended.",
            retry: .later
        )
    }
}

extension Collection {
    /// Nothing at all.
    static let none = Collection(
        archives: [],
        reachable: [],
        sessions: [],
        condemnedLists: [],
        now: Instant(secondsSinceEpoch: 0)
    )
}
