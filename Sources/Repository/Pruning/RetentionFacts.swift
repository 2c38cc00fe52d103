import Diagnostics
package import Model
package import Policy

extension Repository {
    /// The points of a plan as retention sees them; one that cannot be read, or lacks an archive, is there as incomplete.
    ///
    /// `stock` is what was listed before; nil lists it.
    package func retentionPoints(plan: PlanName, stock: ArchiveStock? = nil) throws -> [RetentionPoint] {
        let evidence = try evidence(plan: plan, remembering: true)
        // Before the points: what is committed meanwhile lacks its archives here, and does not count yet.
        let stock = try stock ?? archiveStock()
        let listing = try listPoints(plan: plan)
        let survey = try survey(listing)
        return listing.map { listing in
            let known = survey.known[listing.name]
            let isConfirmed = evidence.committed.contains(listing.name)
            return RetentionPoint(
                id: listing.name.slot.description,
                recoveryInstant: known?.recoveryInstant ?? listing.name.slot.instant,
                committedAt: listing.modified,
                isComplete: known.map { stock.holdsAll(of: $0, isConfirmed: isConfirmed) } ?? false,
                isProven: evidence.proven[listing.name] != nil,
                isKnownBad: evidence.problem(of: listing.name, needing: known?.uses.map(\.archive) ?? []) != nil,
                hold: evidence.holds[listing.name],
                bytes: listing.bytes
            )
        }
    }

    /// What `policy` says of every point of a plan, newest first, ready for `planPrune`.
    package func retentionDecisions(
        plan: PlanName,
        policy: RetentionPolicy,
        now: Instant,
        zone: TimeZoneRules,
        stock: ArchiveStock? = nil
    ) throws -> [PruneDecision] {
        policy.decide(try retentionPoints(plan: plan, stock: stock), now: now, zone: zone).compactMap { decision in
            guard let slot = Slot(decision.point.id) else { return nil }
            return PruneDecision(
                point: PointName(plan: plan, slot: slot),
                isKept: decision.isKept,
                reasons: decision.reasons.map(\.description)
            )
        }
    }

    /// The same decisions, with points let go whose bytes are not what was written; held ones stay.
    ///
    /// Only what `isProvenDamaged` says is let go. A point that cannot be read for another reason may be good; the prune
    /// will refuse because of it. The proof is made again when the prune acts.
    package func discardingDamaged(_ decisions: [PruneDecision]) throws -> [PruneDecision] {
        let names = Set(decisions.map(\.point))
        let survey = try survey(try listPoints().filter { names.contains($0.name) })
        let holds = try holds()
        return try decisions.map { decision in
            guard let reason = survey.unreadable[decision.point], holds[decision.point] == nil,
                try isProvenDamaged(decision.point)
            else { return decision }
            let reasons = ["damaged: \(reason.summary)"]
            return PruneDecision(point: decision.point, isKept: false, reasons: reasons, isForDamage: true)
        }
    }
}
