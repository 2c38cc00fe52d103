package import AgeEncryption
import Diagnostics
package import Model
import Policy
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

    /// The same, to a chosen depth, of all archives or of those that are due, and with what is damaged down to tables
    /// and blocks.
    package func inspect(
        _ points: [PointName],
        identities: [any Identity] = [],
        depth: VerifyDepth,
        sampling: VerifySampling? = nil,
        stop: Stop,
        progress: (VerifyProgress) -> Void = { _ in }
    ) throws -> Inspection {
        var run = VerifyRun(points: [], bytesRead: 0, bad: [], depth: depth)
        var sound: [StoredPoint] = []
        var unjudged: [BadPoint] = []
        for reading in try each(points, { try self.inspect($0, identities, depth) }) {
            if let point = reading.point { sound.append(point) }
            if let bad = reading.bad { if reading.isUnjudged { unjudged.append(bad) } else { run.bad.append(bad) } }
        }
        let stranger = Set(unjudged.map(\.point))
        let points = points.filter { !stranger.contains($0) }
        let manifests = sound.map(\.manifest)
        let sample = sampling?.choose(among: manifests)
        let check = ArchiveCheck(repository: self, identities: identities, depth: depth, stop: stop)
        let problems = try check.run(manifests, only: sample.map { Set($0.chosen) }) { read in
            run.bytesRead = read.bytesRead
            progress(read)
        }
        for point in sound {
            let found = point.manifest.archives.compactMap { problems[$0.id] }
            guard let first = found.first else { continue }
            // Only a check that sees them all may say that all are gone.
            run.bad.append(BadPoint(point: point.name, reason: first.reason, depth: found.map(\.depth).max()))
        }
        let areThere = try each(points) { try self.store.info(Layout.point($0)) != nil }
        run.points = zip(points, areThere).filter(\.1).map(\.0)
        run.bad = run.bad.filter { run.points.contains($0.point) }
        // Sizes prove nothing good, and neither does a part: such a run must not acquit a point that was found bad.
        if depth == .sizes || sample != nil {
            run.points = run.points.filter { name in run.bad.contains { $0.point == name } }
        }
        run.damaged = problems.keys.sorted { $0.text < $1.text }
        if depth != .sizes {
            let read = Set(sample?.chosen ?? manifests.flatMap { $0.archives.map(\.id) })
            run.soundAgain = try damagedArchives(of: points).filter { read.contains($0) && problems[$0] == nil }
        }
        if let sample, let sampling {
            run.sample = SampledReading(
                withinSeconds: sampling.within.components.seconds,
                archives: sample.chosen.filter { problems[$0] == nil }
            )
        }
        return Inspection(
            run: run,
            damaged: ArchiveDamage.list(problems, in: manifests),
            sample: sample,
            known: sound.map(KnownPoint.init),
            unjudged: unjudged
        )
    }

    /// A point as it was read, and what is wrong with it; neither where it is gone.
    private func inspect(
        _ name: PointName,
        _ identities: [any Identity],
        _ depth: VerifyDepth
    ) throws -> (point: StoredPoint?, bad: BadPoint?, isUnjudged: Bool) {
        do {
            let point = try readPoint(name)
            return (point, depth == .decrypted ? try undecryptable(name, identities) : nil, false)
        } catch let error as Diagnostic where error.code == .pointUnknown {
            return (nil, nil, false)
        } catch let error as Diagnostic where error.isAboutOneObject || error.code == .repositoryFormat {
            let bad = BadPoint(point: name, reason: error.cause ?? error.summary, depth: min(depth, .bytes))
            return (nil, bad, error.code == .signerUntrusted)
        }
    }

    /// What is wrong with the definitions of a point whose object is sound.
    private func undecryptable(_ name: PointName, _ identities: [any Identity]) throws -> BadPoint? {
        do {
            _ = try readCatalog(name, identities: identities)
            return nil
        } catch let error as Diagnostic where error.isAboutOneObject && error.code != .pointUnknown {
            return BadPoint(point: name, reason: error.cause ?? error.summary, depth: .decrypted)
        }
    }
}

/// Reads the archives of some manifests, each once.
private struct ArchiveCheck {
    var repository: Repository
    var identities: [any Identity]
    var depth: VerifyDepth
    private var deep: Bool { depth == .decrypted }
    var stop: Stop

    /// What is wrong with each archive that is not as recorded; `only` leaves out the others.
    func run(
        _ manifests: [Manifest],
        only chosen: Set<ArchiveID>?,
        _ progress: (VerifyProgress) -> Void
    ) throws -> [ArchiveID: ArchiveProblem] {
        let facts = Set(manifests.flatMap(\.archives)).filter { chosen?.contains($0.id) != false }
            .sorted { ($0.id.text, $0.sha256) < ($1.id.text, $1.sha256) }
        let locations = deep ? Dictionary(grouping: Set(manifests.flatMap(\.locations)), by: \.archive) : [:]
        var state = VerifyProgress(bytesRead: 0, bytesTotal: facts.reduce(0) { $0 + $1.bytes } * (deep ? 2 : 1))
        var problems: [ArchiveID: ArchiveProblem] = [:]
        for archive in facts {
            let count: (Int64) -> Void = { bytes in
                state.bytesRead += bytes
                progress(state)
            }
            problems[archive.id] = try problem(of: archive, locations[archive.id] ?? [], count)
        }
        return problems
    }

    /// Nil when the archive is as recorded.
    private func problem(
        of archive: ArchiveFacts,
        _ locations: [ArchiveLocation],
        _ count: (Int64) -> Void
    ) throws -> ArchiveProblem? {
        let whole = try reason {
            if depth == .sizes { try compareSize(archive) } else { try compareHash(archive, count) }
        }
        guard deep else { return whole.map { ArchiveProblem(reason: $0, depth: depth) } }
        var opened: ArchiveReader?
        let end = try reason {
            let reader = try repository.openArchive(archive, identities: identities)
            opened = reader
            try reader.checkEnd()
        }
        // Of one that is missing, or whose header is damaged, nothing at all can be restored; else the other ranges can.
        let seenAt = whole == nil ? depth : .bytes
        guard let reader = opened else {
            return ArchiveProblem(reason: whole ?? end ?? "", depth: seenAt, places: Set(locations))
        }
        var places: Set<ArchiveLocation> = []
        var first: String?
        for location in locations.sorted(by: { $0.offset < $1.offset }) {
            guard let problem = try reason({ try compareRange(location, in: reader, count) }) else { continue }
            places.insert(location)
            first = first ?? problem
        }
        guard let text = whole ?? end ?? first else { return nil }
        return ArchiveProblem(reason: text, depth: seenAt, places: places)
    }

    /// Why `check` found its object not as recorded; a store or a key that fails is thrown.
    private func reason(_ check: () throws -> Void) throws -> String? {
        do {
            try check()
            return nil
        } catch let error as Diagnostic where error.isAboutOneObject {
            return error.cause.map { "\(error.summary): \($0)" } ?? error.summary
        }
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

    private func compareRange(
        _ location: ArchiveLocation,
        in reader: ArchiveReader,
        _ count: (Int64) -> Void
    ) throws {
        let hash = try hashing(try reader.range(location.offset, location.length), count)
        guard Hex.encode(hash.digest) == location.sha256 else {
            throw Diagnostic(
                .objectCorrupt,
                "bytes \(location.offset) to \(location.offset + location.length) of archive '\(location.archive)' do not"
                    + " have the recorded SHA-256"
            )
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
