import AgeEncryption
import Diagnostics
package import Model
import Streams

extension Repository {
    /// Writes a point: the moment its object appears, the backup exists.
    ///
    /// Before that, every archive that the manifest names must exist with the recorded size and must not be condemned: a
    /// run that slept longer than its session lives might otherwise commit a point over archives that a collection is
    /// about to delete. Throws `object-exists` when another run has committed this slot.
    package func commit(manifest: Manifest, catalog: [UInt8], session: Session? = nil) throws -> StoredPoint {
        let name = manifest.point
        try manifest.validate(as: name)
        guard manifest.catalog.sha256 == Hex.encode(SHA256.digest(of: catalog)) else {
            throw Diagnostic(.internalError, "the manifest of point '\(name)' names another catalog")
        }
        let key = Layout.point(name)
        let sealed = try sealPoint(manifest, catalog, at: key)
        try session?.heartbeat(now: .now)
        let window = CommitWindow()
        try requireArchives(of: manifest)
        let writer = try store.create(key)
        try writer.write(contentsOf: sealed)
        try window.requireOpen(for: name)
        try finish(writer, at: key, sealed)
        return StoredPoint(
            name: name,
            manifest: manifest,
            sha256: Hex.encode(SHA256.digest(of: sealed)),
            bytes: Int64(sealed.count),
            signer: keyring.signer.verifyingKey.text,
            // The point exists: a store that cannot say when does not make this run a failure.
            modified: (try? store.info(key))?.modified ?? .now
        )
    }

    private func sealPoint(_ manifest: Manifest, _ catalog: [UInt8], at key: ObjectKey) throws -> [UInt8] {
        let index = try SealedText.seal(try CanonicalJSON.encode(manifest), to: try indexRecipients())
        let definitions = try SealedText.seal(catalog, to: try dataRecipients())
        return try Envelope.seal(
            .point,
            at: key,
            sections: [(PointSection.index, index), (PointSection.catalog, definitions)],
            with: keyring.signer
        )
    }

    private func requireArchives(of manifest: Manifest) throws {
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

/// How long the look at the archives stays true: far less than the day a collection waits, sleep included.
private struct CommitWindow {
    private let opened = ContinuousClock.now

    func requireOpen(for name: PointName) throws {
        guard .now - opened < .seconds(3600) else {
            throw Diagnostic(
                .busy,
                "refusing to commit point '\(name)': this machine stood still for more than an hour while it was written",
                hint: "Start the backup again.",
                retry: .later
            )
        }
    }
}
