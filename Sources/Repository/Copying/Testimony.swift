import Diagnostics
import Model
import Streams

/// What the records of a repository say in favour of points, so that it can be told again where copies of them go.
///
/// A point is not less worth keeping for being a copy: what holds it and what proved it would otherwise be known in one
/// repository, and a prune of the other would remove it.
struct Testimony {
    private let holds: [PointName: String]
    /// The newest drill that proved each point that no check has found bad since.
    private let proofs: [PointName: RunRecord]

    /// Folds records that stand in the order of `Repository.records(plan:)`.
    init(_ records: [StoredRecord]) {
        let evidence = Evidence(records)
        let bad = evidence.bad
        holds = evidence.holds
        proofs = records.reduce(into: [:]) { proofs, stored in
            guard case .drill(let run) = stored.record.event, run.verdict == .proven,
                evidence.proven[run.point] != nil, bad[run.point] == nil
            else { return }
            proofs[run.point] = stored.record
        }
    }

    /// Says in `target` what is known of `point`, and is not known there; `known` is what its own records say.
    ///
    /// Comes before the point appears there: whoever prunes reads records first, so who sees the point sees this.
    func tell(of point: PointName, in target: Repository, knowing known: [StoredRecord], tool: String) throws {
        let evidence = Evidence(known)
        if let proof = proofs[point], evidence.proven[point] == nil { try target.append(proof) }
        guard let reason = holds[point], evidence.holds[point] == nil else { return }
        let author = RecordAuthor(tool: tool, host: ProcessToken.current.host, started: .now)
        try target.append(author.record(.hold(HoldChange(point: point, reason: reason)), plan: point.plan))
    }
}
