package import Model
package import Policy

/// What a verification found.
package struct Inspection: Sendable {
    package var run: VerifyRun
    package var damaged: [ArchiveDamage]
    /// What was chosen to be read; nil when everything was.
    package var sample: ReadingSample?
    /// The points whose own objects are sound.
    package var known: [KnownPoint]
    /// Points of signers whom this machine does not know: others may, so nothing is said of them in any record.
    package var unjudged: [BadPoint] = []
}

/// What is wrong with one archive, and where as far as that was found out.
struct ArchiveProblem {
    var reason: String
    /// How deep one must look to see it.
    var depth: VerifyDepth
    /// The places whose bytes were read and are wrong; nil when nothing more is known than that something is.
    var places: Set<ArchiveLocation>?
}

/// One damaged archive, and what of it cannot be restored any more.
package struct ArchiveDamage: Sendable, Hashable, Encodable {
    /// A range of a table (or of the large objects) that lies in the archive.
    package struct Range: Sendable, Hashable, Encodable {
        package var table: String
        package var firstBlock: Int64
    }

    package var archive: ArchiveFacts
    package var reason: String
    package var points: [PointName]
    /// What the damage reaches: the very ranges where everything was decrypted, else all that the archive holds.
    package var ranges: [Range]
    /// How many ranges lie in the archive.
    package var rangeCount: Int

    static func list(_ problems: [ArchiveID: ArchiveProblem], in manifests: [Manifest]) -> [ArchiveDamage] {
        problems.sorted { $0.key.text < $1.key.text }.compactMap { id, problem in
            let holders = manifests.filter { $0.archives.contains { $0.id == id } }
            guard let facts = holders.first?.archives.first(where: { $0.id == id }) else { return nil }
            let all = Set(holders.flatMap { $0.ranges(in: id, at: nil) })
            let hit = problem.places.map { places in Set(holders.flatMap { $0.ranges(in: id, at: places) }) }
            return ArchiveDamage(
                archive: facts,
                reason: problem.reason,
                points: holders.map(\.point),
                ranges: (hit ?? all).sorted { ($0.table, $0.firstBlock) < ($1.table, $1.firstBlock) },
                rangeCount: all.count
            )
        }
    }
}

extension Manifest {
    /// The ranges whose rows lie in one archive, or at some places of it.
    fileprivate func ranges(in archive: ArchiveID, at places: Set<ArchiveLocation>?) -> [ArchiveDamage.Range] {
        func lie(_ ranges: [TableRange], _ name: String) -> [ArchiveDamage.Range] {
            ranges.filter { range in
                range.location.archive == archive && range.location.members > 0
                    && places?.contains(range.location) != false
            }
            .map { ArchiveDamage.Range(table: name, firstBlock: $0.blocks.first) }
        }
        return tables.flatMap { lie($0.ranges, $0.fullName.description) }
            + lie(largeObjects?.ranges ?? [], "large objects")
    }
}
