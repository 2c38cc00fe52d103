import Diagnostics
package import Model
package import Policy

extension Repository {
    /// The points of a plan as retention sees them; one that cannot be read is there as incomplete.
    package func retentionPoints(plan: PlanName) throws -> [RetentionPoint] {
        let evidence = try evidence(plan: plan)
        return try listPoints(plan: plan).map { listing in
            let stored = try readable(listing.name)
            return RetentionPoint(
                id: listing.name.slot.description,
                recoveryInstant: stored?.manifest.recoveryInstant ?? listing.name.slot.instant,
                committedAt: listing.modified,
                isComplete: stored != nil,
                isProven: evidence.proven[listing.name] != nil,
                isKnownBad: evidence.bad[listing.name] != nil,
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
        zone: TimeZoneRules
    ) throws -> [PruneDecision] {
        policy.decide(try retentionPoints(plan: plan), now: now, zone: zone).compactMap { decision in
            guard let slot = Slot(decision.point.id) else { return nil }
            return PruneDecision(
                point: PointName(plan: plan, slot: slot),
                isKept: decision.isKept,
                reasons: decision.reasons.map(\.description)
            )
        }
    }

    private func readable(_ name: PointName) throws -> StoredPoint? {
        do {
            return try readPoint(name)
        } catch let error as Diagnostic where error.isAboutOneObject {
            return nil
        }
    }
}
