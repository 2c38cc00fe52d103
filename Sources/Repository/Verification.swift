package import AgeEncryption
import Diagnostics
package import Model
package import Streams

/// How far a verification has come.
package struct VerifyProgress: Sendable, Hashable {
    package var bytesRead: Int64
    package var bytesTotal: Int64
}

extension Repository {
    /// Reads what points are made of and compares it with what was recorded.
    ///
    /// Every archive is read in full once and its SHA-256 compared; with `deep`, every range is also decrypted and its
    /// tar bytes hashed (rows are counted by a drill). A store or a key that fails is an error; an object that fails
    /// makes the points that need it bad. A point that is pruned meanwhile is left out. Runs on the calling thread and
    /// holds 64 KiB.
    package func verify(
        _ points: [PointName],
        identities: [any Identity] = [],
        deep: Bool = false,
        stop: Stop,
        progress: (VerifyProgress) -> Void = { _ in }
    ) throws -> VerifyRun {
        try inspect(points, identities: identities, depth: deep ? .decrypted : .bytes, stop: stop, progress: progress)
            .run
    }

    /// The same, to a chosen depth, and with what is damaged down to tables and blocks.
    package func inspect(
        _ points: [PointName],
        identities: [any Identity] = [],
        depth: VerifyDepth,
        stop: Stop,
        progress: (VerifyProgress) -> Void = { _ in }
    ) throws -> Inspection {
        var run = VerifyRun(points: [], bytesRead: 0, bad: [])
        var sound: [StoredPoint] = []
        for name in points {
            do {
                sound.append(try readPoint(name))
                if depth == .decrypted { _ = try readCatalog(name, identities: identities) }
            } catch let error as Diagnostic where error.isAboutOneObject && error.code != .pointUnknown {
                run.bad.append(BadPoint(point: name, reason: error.cause ?? error.summary))
            }
        }
        let check = ArchiveCheck(repository: self, identities: identities, depth: depth, stop: stop)
        let problems = try check.run(sound.map(\.manifest)) { read in
            run.bytesRead = read.bytesRead
            progress(read)
        }
        for point in sound {
            guard let problem = point.manifest.archives.lazy.compactMap({ problems[$0.id] }).first else { continue }
            if try store.info(Layout.point(point.name)) == nil { continue }
            run.bad.append(BadPoint(point: point.name, reason: problem))
        }
        run.points = try points.filter { try store.info(Layout.point($0)) != nil }
        run.bad = run.bad.filter { run.points.contains($0.point) }
        // Sizes prove nothing good: such a run must not acquit a point that was found bad by its bytes.
        if depth == .sizes { run.points = run.points.filter { name in run.bad.contains { $0.point == name } } }
        return Inspection(run: run, damaged: ArchiveDamage.list(problems, in: sound.map(\.manifest)))
    }
}

/// How much of what is stored is looked at.
package enum VerifyDepth: String, Sendable, Codable {
    /// Whether everything is there and has its size.
    case sizes
    /// Every byte, by hash.
    case bytes
    /// Every byte, and every range after decryption.
    case decrypted
}

/// What a verification found.
package struct Inspection: Sendable {
    package var run: VerifyRun
    package var damaged: [ArchiveDamage]
}

/// One damaged archive, and what it held.
package struct ArchiveDamage: Sendable, Hashable, Encodable {
    /// A range of a table (or of the large objects) that lies in the archive.
    package struct Range: Sendable, Hashable, Encodable {
        package var table: String
        package var firstBlock: Int64
    }

    package var archive: ArchiveFacts
    package var reason: String
    package var points: [PointName]
    package var ranges: [Range]

    static func list(_ problems: [ArchiveID: String], in manifests: [Manifest]) -> [ArchiveDamage] {
        problems.sorted { $0.key.text < $1.key.text }.compactMap { id, reason in
            let holders = manifests.filter { $0.archives.contains { $0.id == id } }
            guard let facts = holders.first?.archives.first(where: { $0.id == id }) else { return nil }
            let ranges = Set(holders.flatMap { $0.ranges(in: id) })
            return ArchiveDamage(
                archive: facts,
                reason: reason,
                points: holders.map(\.point),
                ranges: ranges.sorted { ($0.table, $0.firstBlock) < ($1.table, $1.firstBlock) }
            )
        }
    }
}

extension Manifest {
    /// The ranges whose rows lie in one archive.
    fileprivate func ranges(in archive: ArchiveID) -> [ArchiveDamage.Range] {
        func lie(_ ranges: [TableRange], _ name: String) -> [ArchiveDamage.Range] {
            ranges.filter { $0.location.archive == archive && $0.location.members > 0 }.map {
                ArchiveDamage.Range(table: name, firstBlock: $0.blocks.first)
            }
        }
        return tables.flatMap { lie($0.ranges, $0.fullName.description) }
            + lie(largeObjects?.ranges ?? [], "large objects")
    }
}

/// Reads the archives of some manifests, each once.
private struct ArchiveCheck {
    var repository: Repository
    var identities: [any Identity]
    var depth: VerifyDepth
    private var deep: Bool { depth == .decrypted }
    var stop: Stop

    /// What is wrong with each archive that is not as recorded.
    func run(_ manifests: [Manifest], _ progress: (VerifyProgress) -> Void) throws -> [ArchiveID: String] {
        let facts = Set(manifests.flatMap(\.archives)).sorted { ($0.id.text, $0.sha256) < ($1.id.text, $1.sha256) }
        let locations = deep ? Dictionary(grouping: Set(manifests.flatMap(\.locations)), by: \.archive) : [:]
        var state = VerifyProgress(bytesRead: 0, bytesTotal: facts.reduce(0) { $0 + $1.bytes } * (deep ? 2 : 1))
        var problems: [ArchiveID: String] = [:]
        for archive in facts {
            do {
                let count: (Int64) -> Void = { bytes in
                    state.bytesRead += bytes
                    progress(state)
                }
                if depth == .sizes {
                    try compareSize(archive)
                    continue
                }
                try compareHash(archive, count)
                if deep { try compareRanges(archive, locations[archive.id] ?? [], count) }
            } catch let error as Diagnostic where error.isAboutOneObject {
                problems[archive.id] = error.cause.map { "\(error.summary): \($0)" } ?? error.summary
            }
        }
        return problems
    }

    private func compareSize(_ archive: ArchiveFacts) throws {
        guard !stop.isRequested else { throw Stopped() }
        guard let info = try repository.store.info(repository.archiveKey(archive.id)) else {
            throw Diagnostic(.objectMissing, "archive '\(archive.id)' is missing")
        }
        guard info.bytes == archive.bytes else {
            throw Diagnostic(
                .objectCorrupt,
                "archive '\(archive.id)' has \(info.bytes) bytes instead of \(archive.bytes)"
            )
        }
    }

    private func compareHash(_ archive: ArchiveFacts, _ count: (Int64) -> Void) throws {
        let key = repository.archiveKey(archive.id)
        let hash = try hashing(try repository.store.read(key, range: nil), count)
        guard hash.byteCount == archive.bytes else {
            throw Diagnostic(
                .objectCorrupt,
                "archive '\(archive.id)' has \(hash.byteCount) bytes instead of \(archive.bytes)"
            )
        }
        guard Hex.encode(hash.digest) == archive.sha256 else {
            throw Diagnostic(.objectCorrupt, "archive '\(archive.id)' does not have the recorded SHA-256")
        }
    }

    private func compareRanges(_ archive: ArchiveFacts, _ locations: [ArchiveLocation], _ count: (Int64) -> Void) throws
    {
        let reader = try repository.openArchive(archive, identities: identities)
        try reader.checkEnd()
        for location in locations.sorted(by: { $0.offset < $1.offset }) {
            let hash = try hashing(try reader.range(location.offset, location.length), count)
            guard Hex.encode(hash.digest) == location.sha256 else {
                throw Diagnostic(
                    .objectCorrupt,
                    "bytes \(location.offset) to \(location.offset + location.length) of archive '\(archive.id)' do not"
                        + " have the recorded SHA-256"
                )
            }
        }
    }

    private func hashing(_ source: any ByteSource, _ count: (Int64) -> Void) throws -> HashingSink {
        let sink = HashingSink()
        let buffer = IOBuffer(capacity: 256 << 10)
        while case let read = try source.read(into: buffer.storage), read > 0 {
            guard !stop.isRequested else { throw Stopped() }
            try sink.write(buffer.prefix(read).bytes)
            count(Int64(read))
        }
        try sink.finish()
        return sink
    }
}
