package import Model

/// Which archives there are, and which of them are condemned; looked at before points are.
package struct ArchiveStock: Sendable {
    package var sizes: [ArchiveID: Int64]
    package var condemned: Set<ArchiveID>

    /// Whether everything that a point refers to is there for good.
    ///
    /// A point over a condemned archive may still be taken back by its own run, until that has said that it is confirmed:
    /// counting it sooner could cost the points that it would take the place of.
    func holdsAll(of point: KnownPoint, isConfirmed: Bool) -> Bool {
        point.uses.allSatisfy { use in
            sizes[use.archive] == use.bytes && (isConfirmed || !condemned.contains(use.archive))
        }
    }
}

extension Repository {
    /// Lists condemned archives, then all.
    package func archiveStock() throws -> ArchiveStock {
        let condemned = Set(try condemnedLists().flatMap(\.archives))
        let sizes = Dictionary(try listArchives().map { ($0.id, $0.bytes) }) { first, _ in first }
        return ArchiveStock(sizes: sizes, condemned: condemned)
    }
}
