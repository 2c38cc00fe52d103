import Model
import Repository
import Streams

/// The stored bytes of one archive on their way into every repository that needs them, in step.
///
/// One thread. A repository that fails is lost to the run and written to no more; when none is left the bytes go nowhere,
/// and whoever reads the database finds out by `requireAny()`. The slowest repository sets the pace: nothing queues.
final class SharedArchive: ByteSink {
    private struct Branch {
        let destination: Destination
        /// Nil once the repository has failed; dropping it abandons the object.
        var writer: (any ObjectWriter)?
    }

    let id: ArchiveID
    private var branches: [Branch]

    /// Begins the object everywhere.
    init(_ id: ArchiveID, in destinations: [Destination]) throws {
        self.id = id
        branches = try destinations.map { destination in
            Branch(
                destination: destination,
                writer: try destination.attempt { try destination.repository.createArchive(id) }
            )
        }
    }

    func write(_ bytes: RawSpan) throws {
        for index in branches.indices {
            guard let writer = branches[index].writer else { continue }
            guard branches[index].destination.isLive else {
                branches[index].writer = nil
                continue
            }
            do {
                try writer.write(bytes)
            } catch {
                branches[index].writer = nil
                try branches[index].destination.take(error)
            }
        }
    }

    func finish() throws {
        for index in branches.indices {
            guard let writer = branches[index].writer else { continue }
            do {
                try writer.finish()
            } catch {
                branches[index].writer = nil
                try branches[index].destination.take(error)
            }
        }
    }

    /// Where the archive is after `finish()`.
    var holders: [Destination] { branches.filter { $0.writer != nil }.map(\.destination) }
}
