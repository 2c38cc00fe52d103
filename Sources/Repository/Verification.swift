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
        var run = VerifyRun(points: [], bytesRead: 0, bad: [])
        var sound: [StoredPoint] = []
        for name in points {
            do {
                sound.append(try readPoint(name))
                if deep { _ = try readCatalog(name, identities: identities) }
            } catch let error as Diagnostic where error.isAboutOneObject && error.code != .pointUnknown {
                run.bad.append(BadPoint(point: name, reason: error.cause ?? error.summary))
            }
        }
        let check = ArchiveCheck(repository: self, identities: identities, deep: deep, stop: stop)
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
        return run
    }
}

/// Reads the archives of some manifests, each once.
private struct ArchiveCheck {
    var repository: Repository
    var identities: [any Identity]
    var deep: Bool
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
                try compareHash(archive, count)
                if deep { try compareRanges(archive, locations[archive.id] ?? [], count) }
            } catch let error as Diagnostic where error.isAboutOneObject {
                problems[archive.id] = error.cause.map { "\(error.summary): \($0)" } ?? error.summary
            }
        }
        return problems
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
