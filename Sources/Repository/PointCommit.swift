import AgeEncryption
import Diagnostics
package import Model
import Streams

extension Repository {
    /// Writes a point: the moment its object appears, the backup exists.
    ///
    /// Before that, every archive that the manifest names must exist with the recorded size and must not be condemned.
    /// And they are looked at once more after it: a process may stand still between its look and the creation for as long
    /// as it likes, and no store can tie the two together. Whoever collects condemns first and looks for points then, so
    /// either it sees this point, or this second look sees what it condemned, and the point is taken back. Throws
    /// `object-exists` when another run has committed this slot.
    package func commit(manifest: Manifest, catalog: PackedText, session: Session? = nil) throws -> StoredPoint {
        let name = manifest.point
        try manifest.validate(as: name)
        guard manifest.catalog.sha256 == catalog.sha256 else {
            throw Diagnostic(.internalError, "the manifest of point '\(name)' names another catalog")
        }
        return try commit(
            manifest,
            sealedCatalog: try SealedText.seal(catalog, to: try dataRecipients()),
            session: session
        )
    }

    /// Writes a point whose definitions are at hand as a whole.
    package func commit(manifest: Manifest, catalog: [UInt8], session: Session? = nil) throws -> StoredPoint {
        let packer = try TextPacker(exactBytes: catalog.count)
        try catalog.withUnsafeBytes { try packer.write($0) }
        return try commit(manifest: manifest, catalog: try packer.finish(), session: session)
    }

    /// Writes a point whose definitions are encrypted already.
    func commit(_ manifest: Manifest, sealedCatalog: [UInt8], session: Session?) throws -> StoredPoint {
        let name = manifest.point
        let key = Layout.point(name)
        let sealed = try sealPoint(manifest, sealedCatalog, at: key)
        try session?.heartbeat(now: .now)
        try requireArchives(of: manifest)
        try extendLocks(of: manifest)
        let writer = try store.create(key)
        try writer.write(contentsOf: sealed)
        try finish(writer, at: key, sealed)
        let point = StoredPoint(
            name: name,
            manifest: manifest,
            sha256: Hex.encode(SHA256.digest(of: sealed)),
            bytes: Int64(sealed.count),
            signer: keyring.signer.verifyingKey.text,
            // The point exists: a store that cannot say when does not make this run a failure.
            modified: (try? store.info(key))?.modified ?? .now
        )
        do {
            try requireArchives(of: manifest)
        } catch let error as Diagnostic where error.code == .objectMissing {
            throw withdraw(point, error)
        } catch {
            // The point exists. A run that nobody can have taken for dead has lost nothing meanwhile.
            guard let session, !session.mayHaveLapsed else { throw error }
        }
        return point
    }

    /// Takes back a point whose archives a collection has taken; the error that its run ends with.
    private func withdraw(_ point: StoredPoint, _ reason: Diagnostic) -> any Error {
        let host = ProcessToken.current.host
        let author = RecordAuthor(tool: point.manifest.tool, host: host, started: .now)
        do {
            try recordRemoval([point.asPrevious], author)
            try store.remove(Layout.point(point.name))
            return reason
        } catch {
            // It must at least not be taken for a good one.
            let bad = BadPoint(point: point.name, reason: reason.cause ?? reason.summary)
            let run = VerifyRun(points: [point.name], bytesRead: 0, bad: [bad])
            _ = try? append(author.record(.verify(run), plan: point.name.plan))
            return Diagnostic(
                .objectMissing,
                "point '\(point.name)' is incomplete and could not be taken back",
                cause: reason.cause,
                hint: "Start the backup again; 'lifeboat verify' shows this point as damaged, and it does not count.",
                retry: .later
            )
        }
    }

    private func sealPoint(_ manifest: Manifest, _ sealedCatalog: [UInt8], at key: ObjectKey) throws -> [UInt8] {
        let packer = try TextPacker()
        var json = JSONBytes { try packer.write($0) }
        manifest.write(to: &json)
        try json.finish()
        let index = try SealedText.seal(try packer.finish(), to: try indexRecipients())
        return try Envelope.seal(
            .point,
            at: key,
            sections: [(PointSection.index, index), (PointSection.catalog, sealedCatalog)],
            with: keyring.signer
        )
    }

    /// Throws `object-missing` unless every archive is here in its size and none is about to be collected.
    func requireArchives(of manifest: Manifest) throws {
        let condemned = Set(try condemnedLists().flatMap(\.archives))
        let stored = try archiveSizes(of: manifest)
        for archive in manifest.archives {
            guard let bytes = stored[archive.id] else {
                throw incomplete(manifest.point, "archive '\(archive.id)' is missing")
            }
            guard bytes == archive.bytes else {
                throw incomplete(
                    manifest.point,
                    "archive '\(archive.id)' has \(bytes) bytes instead of \(archive.bytes)"
                )
            }
            guard !condemned.contains(archive.id) else {
                throw incomplete(manifest.point, "archive '\(archive.id)' is about to be collected")
            }
        }
    }

    /// Gives all archives a lock that lasts as long as this point's own.
    ///
    /// What a locked point needs must not be deletable before the point is. Those of this run were locked when their upload
    /// began, which may be many hours ago.
    private func extendLocks(of manifest: Manifest) throws {
        guard let lock = store.lock else { return }
        let archives = manifest.archives.map { archiveKey($0.id) }
        // The point's own lock begins a little later, when its object is written.
        let end = Instant.now + lock + .seconds(300)
        try runWorkers(archives, workerCount: min(8, max(1, archives.count)), stop: Stop(), makeWorker: { $0 }) {
            [store] (_: inout Int, key: ObjectKey) in
            try store.extendLock(key, until: end)
        } finishWorker: { _ in
        }
    }

    /// Asks for each of a few archives, and lists all when there are many.
    private func archiveSizes(of manifest: Manifest) throws -> [ArchiveID: Int64] {
        var sizes: [ArchiveID: Int64] = [:]
        if manifest.archives.count <= 32 {
            for archive in manifest.archives { sizes[archive.id] = try store.info(archiveKey(archive.id))?.bytes }
        } else {
            for archive in try listArchives() { sizes[archive.id] = archive.bytes }
        }
        return sizes
    }

    /// Finishes the conditional creation; a failure after the object appeared is no failure.
    ///
    /// A store may lose its answer: the object then carries exactly our bytes, which nobody else can have written.
    private func finish(_ writer: any ObjectWriter, at key: ObjectKey, _ bytes: [UInt8]) throws {
        do {
            try writer.finish()
        } catch {
            guard let found = try? object(at: key), found == bytes else { throw error }
        }
    }

    private func incomplete(_ name: PointName, _ cause: String) -> Diagnostic {
        Diagnostic(
            .objectMissing,
            "refusing to commit point '\(name)': the repository no longer holds what it needs",
            cause: cause,
            hint: "Start the backup again; it reads what is missing from the database.",
            retry: .later
        )
    }
}
