package import Diagnostics
import Model

/// A prune that would remove an unusual share of what there is: the mark of a wrong policy, a wrong clock or a listing
/// that left something out.
package struct PruneExcess: Sendable, Hashable {
    /// Fewer than this many are never unusual: a small repository is thinned by halves.
    static let smallestPoints = 8
    static let smallestArchives = 16

    /// What would go, in words: "40 of 50 points".
    package var what: String
    package var percent: Int
    package var limit: Int

    init?(_ plan: PrunePlan, _ facts: PruneFacts) {
        let limit = facts.options.maxSharePercent
        let listed = Set(facts.condemnedLists.flatMap(\.archives))
        let orphans = Self.harmlessOrphans(facts)
        // What an earlier prune condemned was judged then.
        let going = (plan.collection.condemned + plan.collection.deleted).filter {
            !listed.contains($0.id) && !orphans.contains($0.id)
        }
        let counts = [
            (plan.removed.count, facts.points.count, Self.smallestPoints, "points"),
            (going.count, facts.archives.count, Self.smallestArchives, "archives"),
        ]
        for (part, whole, smallest, noun) in counts where part > smallest && part * 100 > whole * limit {
            self.init(what: "\(part) of \(whole) \(noun)", percent: part * 100 / whole, limit: limit)
            return
        }
        let part = going.reduce(0) { $0 + $1.bytes }
        let whole = facts.archives.reduce(0) { $0 + $1.bytes }
        guard going.count > Self.smallestArchives, part / 100 * 100 > whole / 100 * Int64(limit) else { return nil }
        let what = "\(ByteCount(part)) of \(ByteCount(whole))"
        self.init(what: what, percent: Int(part / max(1, whole / 100)), limit: limit)
    }

    /// Archives that no point refers to, nor did one that goes now: what killed runs and earlier prunes left behind.
    ///
    /// That they are none of a point which a listing left out is known where the census of this machine's last prune was
    /// found complete a moment ago; and what is condemned now is deleted by another look, a day later, only.
    private static func harmlessOrphans(_ facts: PruneFacts) -> Set<ArchiveID> {
        guard facts.hasCensus, !facts.options.skipsWait, !facts.options.acceptsBrokenChain else { return [] }
        let used = Set(facts.known.values.flatMap(\.uses).map(\.archive))
        let old = facts.archives.filter { facts.now - $0.modified >= CondemnedList.wait }
        return Set(old.map(\.id)).subtracting(used)
    }

    private init(what: String, percent: Int, limit: Int) {
        self.what = what
        self.percent = percent
        self.limit = limit
    }

    /// The refusal in three lines.
    package var diagnostic: Diagnostic {
        Diagnostic(
            .pruneRefused,
            "refusing to prune: \(what) would go (\(percent) %), and the limit is \(limit) %",
            cause: "a policy, a clock or a listing may be wrong",
            hint: "Read what would go; if it is meant, say so with --max-share \(min(100, percent + 1))."
        )
    }
}
