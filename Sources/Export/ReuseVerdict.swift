import Model
import PostgresClient
import Repository

/// Whether the point before can be built on at all, and if not, why.
enum ReuseVerdict: Sendable {
    case usable(ReuseBasis)
    case unusable(ReadReason)

    /// What is compared: the base with the server as it is now.
    struct Present {
        var cluster: ClusterKey?
        var bounds: SnapshotBounds
        /// The archives in the repository that may be referred to.
        var archives: ReusableArchives
    }

    /// Judges the base; asks the server only for its anchor, on the session that holds the snapshot.
    init(
        base: Manifest?,
        present: Present,
        plan: ExportPlan,
        connection: Connection
    ) throws {
        guard !plan.isFull else {
            self = .unusable(.forced)
            return
        }
        guard let base else {
            self = .unusable(.noBase)
            return
        }
        if let reason = Self.obstacle(base, present) {
            self = .unusable(reason)
            return
        }
        guard let known = base.continuity, let anchor = known.anchor else {
            self = .unusable(.noAnchor)
            return
        }
        guard try anchor.isVisible(on: connection) else {
            self = .unusable(.anchorLost)
            return
        }
        let schedule = RereadSchedule(
            now: plan.point.slot.instant,
            previous: base.point.slot.instant,
            within: plan.rereadWithin
        )
        self = .usable(
            ReuseBasis(
                base,
                window: FingerprintScan.Window(low: known.xmin, high: present.bounds.xmax),
                present: present.archives,
                schedule: schedule
            )
        )
    }

    /// Everything that can be said without asking the server.
    static func obstacle(_ base: Manifest, _ present: Present) -> ReadReason? {
        guard let known = base.continuity else { return .noAnchor }
        guard let cluster = present.cluster, cluster == known.cluster else { return .otherCluster }
        guard known.anchor != nil else { return .noAnchor }
        // Transaction ids on pages have 32 bits: beyond half of them "newer" has no meaning.
        guard present.bounds.xmax >= known.xmax, present.bounds.xmax - known.xmin < 1 << 31 else {
            return .historyRange
        }
        return nil
    }

    var basis: ReuseBasis? {
        if case .usable(let basis) = self { basis } else { nil }
    }

    /// Why nothing can be taken over; nil when the base is usable.
    var refusal: ReadReason? {
        if case .unusable(let reason) = self { reason } else { nil }
    }

    /// What becomes of a range before its rows are looked at.
    func prospect(of blocks: BlockRange, in table: SourceTable) -> ReuseBasis.Prospect {
        switch self {
        case .usable(let basis): basis.prospect(of: blocks, in: table)
        case .unusable(let reason): .read(reason)
        }
    }
}

/// What a scan of (ctid, xmin) means for a range of the base; pure.
enum RangeVerdict: Sendable, Hashable {
    /// Nothing changed.
    case unchanged
    case read(ReadReason)
    /// Unchanged by one argument and changed by the other: the theory, the server or its memory is wrong.
    case contradiction

    /// Holds a scan against what the base recorded.
    ///
    /// No row of the range has an xmin that may have been assigned since the base, and there are as many as then: so every
    /// row of now was there then, and none of then is missing. The two XORs take no part in this argument and must agree.
    init(base: RangeFingerprint, now: ScannedRange) {
        if base.permanent > 0 || now.fingerprint.permanent > 0 {
            self = .read(.notComparable)
        } else if now.inWindow != 0 || now.fingerprint.rows != base.rows {
            self = .read(.rowsChanged)
        } else if now.fingerprint.first != base.first || now.fingerprint.second != base.second {
            self = .contradiction
        } else {
            self = .unchanged
        }
    }
}
