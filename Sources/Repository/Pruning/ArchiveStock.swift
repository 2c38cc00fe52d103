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
        problem(of: point, isConfirmed: isConfirmed) == nil
    }

    /// What a point refers to and is not there for good; nil when all is.
    package func problem(of point: KnownPoint, isConfirmed: Bool) -> String? {
        for use in point.uses {
            guard let bytes = sizes[use.archive] else { return "archive '\(use.archive)' is missing" }
            guard bytes == use.bytes else {
                return "archive '\(use.archive)' has \(bytes) bytes instead of \(use.bytes)"
            }
            guard isConfirmed || !condemned.contains(use.archive) else {
                return "archive '\(use.archive)' is about to be collected"
            }
        }
        return nil
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
