import AgeEncryption
import Diagnostics
package import Model

extension Manifest {
    /// The objects that a restore of this point needs, as manifests of any age name them.
    package var locations: [ArchiveLocation] {
        tables.flatMap(\.ranges).map(\.location) + (largeObjects?.ranges.map(\.location) ?? [])
    }

    /// Throws `object-corrupt` unless the manifest is sound in itself and belongs to `name`.
    ///
    /// Checked when a point is committed and whenever one is read: a lost range is missing from its own proof too, so
    /// only the tiling shows it.
    package func validate(as name: PointName) throws {
        guard format == Manifest.currentFormat else { throw unsound("its index has format \(format)") }
        guard point == name else { throw unsound("its index is that of '\(point)'") }
        try validateTables()
        try validateArchives()
    }

    private func validateTables() throws {
        var seen: Set<TableName> = []
        for table in tables {
            guard seen.insert(table.fullName).inserted else {
                throw unsound("table '\(table.schema).\(table.name)' is listed twice")
            }
            if let problem = table.tilingProblem {
                throw unsound("table '\(table.schema).\(table.name)' is incomplete: \(problem)")
            }
            for range in table.ranges where range.proof.rows < 0 || range.textBytes < 0 {
                throw unsound("table '\(table.schema).\(table.name)' has a range of negative size")
            }
        }
    }

    private func validateArchives() throws {
        var bytes: [ArchiveID: Int64] = [:]
        for archive in archives {
            guard archive.bytes >= 0, Hex.decode(archive.sha256)?.count == 32 else {
                throw unsound("archive '\(archive.id)' has no valid size or hash")
            }
            guard bytes.updateValue(archive.bytes, forKey: archive.id) == nil else {
                throw unsound("archive '\(archive.id)' is listed twice")
            }
        }
        for location in locations {
            guard let size = bytes[location.archive] else {
                throw unsound("archive '\(location.archive)' is used but not listed")
            }
            // The ciphertext is always longer than the plaintext it holds.
            guard location.offset >= 0, location.length >= 0, location.members >= 0,
                location.offset <= size, location.length <= size - location.offset
            else { throw unsound("a range lies outside archive '\(location.archive)'") }
        }
    }

    private func unsound(_ cause: String) -> Diagnostic {
        Diagnostic(
            .objectCorrupt,
            "the manifest of point '\(point)' is not sound",
            cause: redacted(cause),
            hint: "Use another point; run 'lifeboat verify' to check the rest."
        )
    }
}
