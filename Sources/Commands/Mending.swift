import Diagnostics
import Model
import Repository
import Streams

/// The repair of one repository from others, in one session that begins with the first damage; one thread.
///
/// What cannot be mended stays as it is and stops nothing else: `refusals` say why.
final class Mending {
    private let repository: Repository
    /// Where good bytes may come from.
    private var others: [Repository]
    private let stop: Stop
    private var session: Session?
    private(set) var refusals: [Diagnostic] = []

    init(_ repository: Repository, from others: [Repository], stop: Stop) {
        self.repository = repository
        self.others = others
        self.stop = stop
    }

    deinit { try? session?.end() }

    /// Puts an archive back; returns the repository that served, nil when none did.
    func mend(_ archive: ArchiveFacts) throws -> Repository? {
        try attempt { _ in try repository.repair(archive, from: others, stop: stop) }
    }

    /// Puts a point back whose own object is damaged; nil where that was not the matter, or no copy serves.
    func mend(_ point: PointName) throws -> Repository? {
        try attempt { try repository.repair(point, from: others, session: $0, tool: Tool.full, stop: stop) }
    }

    private func attempt(_ body: (Session) throws -> Repository?) throws -> Repository? {
        do {
            return try body(try begun())
        } catch let error as Diagnostic where [.busy, .objectMissing, .objectCorrupt].contains(error.code) {
            // A session that may not begin is said once.
            if !refusals.contains(where: { $0.summary == error.summary }) { refusals.append(error) }
            return nil
        }
    }

    private func begun() throws -> Session {
        if let session { return session }
        let begun = try repository.beginSession(kind: .repair, plan: nil, base: nil)
        session = begun
        // By another name it may be this one: then nothing good is left once the bad bytes have given way.
        others = others.filter { (try? $0.isElsewhere(than: begun)) == true }
        return begun
    }
}
