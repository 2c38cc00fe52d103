import Model
import Repository
import Synchronization

/// One point as each of its repositories has it; any thread.
///
/// Repositories that were out of step have archives and ranges of their own for the same snapshot. What a repository has is
/// read when it is asked for, once: mostly it is never needed.
final class PointEditions: Sendable {
    private let repositories: [Repository]
    private let first: Manifest
    private let others = Mutex<[Int: Manifest?]>([:])

    init(_ repositories: [Repository], of first: Manifest) {
        self.repositories = repositories
        self.first = first
    }

    /// The point as the repository at `position` has it; nil when it cannot be read there, or is of another snapshot.
    func manifest(at position: Int) -> Manifest? {
        if position == 0 { return first }
        if let known = others.withLock({ $0[position] }) { return known }
        // One that does not open is no way out, and the fault that made us ask is the one to tell.
        let found = try? repositories[position].readPoint(first.point).manifest
        let same = found.flatMap { $0.isOfSameSnapshot(as: first) ? $0 : nil }
        others.withLock { _ = $0.updateValue(same, forKey: position) }
        return same
    }

    /// Whether the repository at `position` is to hold an archive, going by its own edition of the point.
    func lists(_ archive: ArchiveID, at position: Int) -> Bool {
        manifest(at: position)?.archives.contains { $0.id == archive } == true
    }
}

extension Manifest {
    fileprivate func isOfSameSnapshot(as other: Manifest) -> Bool {
        snapshot == other.snapshot && catalog == other.catalog && settings == other.settings
            && source.database == other.source.database && source.encoding == other.source.encoding
    }

    /// The same tables with the same rows, wherever they lie here; nil unless all of them are here.
    func counterparts(of tables: [TableData]) -> [TableData]? {
        let own = Dictionary(self.tables.map { ($0.fullName, $0) }) { first, _ in first }
        let found = tables.compactMap { table in
            own[table.fullName].flatMap { other in
                let isSame =
                    other.columns == table.columns && other.condition == table.condition && other.proof == table.proof
                return isSame ? other : nil
            }
        }
        return found.count == tables.count ? found : nil
    }

    /// The same large objects with the same pages, wherever they lie here.
    func counterpart(of data: LargeObjectData) -> LargeObjectData? {
        func proof(_ data: LargeObjectData) -> RowProof { data.ranges.reduce(RowProof()) { $0 + $1.proof } }
        guard let other = largeObjects, other.objects == data.objects, proof(other) == proof(data) else { return nil }
        return other
    }
}
