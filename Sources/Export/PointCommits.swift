import Diagnostics
import Model
import Repository
import Streams

/// A point that is complete in one destination but for its commit.
struct PreparedPoint {
    var destination: Destination
    var manifest: Manifest
    var catalog: PackedText
}

/// Makes the point appear in one repository after the other, in the plan's order.
///
/// The first that is within reach decides about the slot: when another run has committed it there, this one commits
/// nowhere. A failure in a later one is its own.
struct PointCommits {
    let stop: Stop
    let phases: PhaseRecorder

    /// Commits each; returns those that have the point now, the others are lost with their reasons.
    func run(_ prepared: [PreparedPoint]) -> [(point: PreparedPoint, stored: StoredPoint)] {
        var committed: [(point: PreparedPoint, stored: StoredPoint)] = []
        for point in prepared where point.destination.isLive {
            do {
                if let error = stop.error { throw error }
                let stored = try phases.measure("commit") {
                    try point.destination.commit(point.manifest, point.catalog)
                }
                committed.append((point, stored))
            } catch {
                point.destination.lose(error)
                guard committed.isEmpty, (error as? Diagnostic)?.code == .objectExists else { continue }
                for other in prepared { other.destination.lose(error) }
            }
        }
        return committed
    }
}
