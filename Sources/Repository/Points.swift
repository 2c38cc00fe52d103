package import AgeEncryption
import Diagnostics
package import Model
import Streams

extension Repository {
    /// Every point of a plan, or of all, oldest first (`PointListing.isOlder`); from the listing only, nothing is read.
    package func listPoints(plan: PlanName? = nil) throws -> [PointListing] {
        var reader = PointKeyReader()
        let now = Instant.now
        return try store.list(Layout.points(of: plan)).compactMap { info in
            reader.name(info.key).map {
                PointListing(name: $0, key: info.key, bytes: info.bytes, modified: info.modified)
            }
        }
        .sorted { PointListing.isOlder($0, $1, now: now) }
    }

    /// Every plan that has a point or a record here, in order.
    package func plans() throws -> [PlanName] {
        let recorded = try store.list(Layout.records).compactMap { Layout.recordPlace($0.key)?.plan }
        return Set(try listPoints().map(\.name.plan) + recorded).sorted { $0.text < $1.text }
    }

    /// Reads a point: signature and signer first, then its index is decrypted and its manifest checked.
    ///
    /// Holds the object and its index in memory. Archives are not looked at; see `verify`.
    package func readPoint(_ name: PointName) throws -> StoredPoint {
        try point(name, in: try openPointObject(name))
    }

    private func point(_ name: PointName, in object: (envelope: Envelope, info: ObjectInfo)) throws -> StoredPoint {
        StoredPoint(
            name: name,
            manifest: try manifest(in: object.envelope, name: name),
            sha256: object.envelope.sha256,
            bytes: object.info.bytes,
            signer: object.envelope.header.signer,
            modified: object.info.modified
        )
    }

    /// A point with its definitions as they are encrypted: all of its object, read once.
    package func readSealedPoint(_ name: PointName) throws -> SealedPoint {
        let object = try openPointObject(name)
        guard let catalog = object.envelope.sections[PointSection.catalog] else {
            throw Diagnostic(.objectCorrupt, "point '\(name)' has no catalog section")
        }
        return SealedPoint(point: try point(name, in: object), catalog: catalog)
    }

    /// The plaintext JSON of a point's catalog; only the recipients' identities open it.
    package func readCatalog(_ name: PointName, identities: [any Identity]) throws -> [UInt8] {
        try readSealedPoint(name).openCatalog(identities: identities)
    }

    /// The newest point of a plan that is signed, readable and sound; damaged newer ones are passed over and named.
    ///
    /// Where it can be opened by others only, what is known of it without that.
    package func newest(plan: PlanName) throws -> NewestPoint {
        var damaged: [BadPoint] = []
        for listing in try listPoints(plan: plan).reversed() {
            do {
                return NewestPoint(point: try readPoint(listing.name), damaged: damaged)
            } catch let error as Diagnostic where error.code == .keyWrong {
                let hash = try openPointObject(listing.name).envelope.sha256
                return NewestPoint(damaged: damaged, sealed: PreviousPoint(point: listing.name, sha256: hash))
            } catch let error as Diagnostic where error.isAboutOneObject || error.code == .repositoryFormat {
                // Whoever may write here could plant one that says to be of a later format, and nobody had backups any more.
                damaged.append(BadPoint(point: listing.name, reason: error.cause ?? error.summary))
            }
        }
        return NewestPoint(point: nil, damaged: damaged)
    }

    /// The newest point of a plan that is signed, readable and sound.
    package func newestPoint(plan: PlanName) throws -> StoredPoint? { try newest(plan: plan).point }

    /// Whether this repository holds the same rows in the same archives, all of them there in their size, and has not found
    /// its copy bad: what is known of the bytes elsewhere is then true here.
    package func holdsSameBytes(as point: StoredPoint) throws -> Bool {
        guard try evidence(plan: point.name.plan).bad[point.name] == nil else { return false }
        do {
            let own = try readPoint(point.name).manifest
            let same = point.manifest
            guard own.snapshot == same.snapshot, own.catalog == same.catalog, own.tables == same.tables,
                own.largeObjects == same.largeObjects, own.sequences == same.sequences,
                Set(own.archives) == Set(same.archives)
            else { return false }
            try requireArchives(of: own)
            return true
        } catch let error as Diagnostic where error.isAboutOneObject {
            return false
        }
    }

    private func openPointObject(_ name: PointName) throws -> (envelope: Envelope, info: ObjectInfo) {
        let key = Layout.point(name)
        guard let info = try store.info(key) else {
            throw Diagnostic(
                .pointUnknown,
                "there is no point '\(name)' in \(displayName)",
                hint: "List the points with 'lifeboat points'."
            )
        }
        return (try pointEnvelope(name, try object(at: key)), info)
    }

    private func pointEnvelope(_ name: PointName, _ bytes: [UInt8]) throws -> Envelope {
        let envelope = try Envelope.open(bytes, as: .point, at: Layout.point(name))
        try requireTrust(in: envelope.header.signer, of: "point '\(name)'")
        return envelope
    }

    /// Whether all the bytes of a point are there and are not what was written.
    ///
    /// They must come twice, in full and the same: what a disk or a store does not give back now may be good, and one that
    /// was just mended is. A signer whom this machine does not know proves nothing either.
    func isProvenDamaged(_ name: PointName) throws -> Bool {
        guard let info = try store.info(Layout.point(name)) else { return false }
        if info.bytes > Int64(Envelope.objectLimit) { return true }
        let readings = try (0..<2).map { _ in try fullBytes(Layout.point(name), count: info.bytes) }
        guard let bytes = readings[0], readings[1] == bytes else { return false }
        do {
            _ = try manifest(in: try pointEnvelope(name, bytes), name: name)
            return false
        } catch let error as Diagnostic {
            return error.code == .objectCorrupt || error.code == .signatureInvalid
        }
    }

    /// Nil when not all of them come.
    private func fullBytes(_ key: ObjectKey, count: Int64) throws -> [UInt8]? {
        do {
            let bytes = try object(at: key)
            return Int64(bytes.count) == count ? bytes : nil
        } catch let error as Diagnostic where error.isAboutOneObject {
            return nil
        }
    }

    private func manifest(in envelope: Envelope, name: PointName) throws -> Manifest {
        guard let section = envelope.sections[PointSection.index] else {
            throw Diagnostic(.objectCorrupt, "point '\(name)' has no index section")
        }
        let text = "the index of point '\(name)'"
        let index = try readers.open(section, object: text)
        let manifest = try CanonicalJSON.manifest(from: index, object: text)
        try manifest.validate(as: name)
        return manifest
    }

    /// The whole of a small object, within the limit of the format.
    func object(at key: ObjectKey) throws -> [UInt8] {
        do {
            return try store.get(key, limit: Envelope.objectLimit)
        } catch is SourceTooLarge {
            throw Diagnostic(.objectCorrupt, "'\(key)' is damaged", cause: "it is larger than any valid object")
        }
    }
}

/// The sections of a point.
enum PointSection {
    static let index = "index"
    static let catalog = "catalog"
}

extension Diagnostic {
    /// Whether the fault lies in one object, so that another may serve; false when the store or a key failed.
    var isAboutOneObject: Bool {
        switch code {
        case .objectCorrupt, .signatureInvalid, .signerUntrusted, .objectMissing, .pointUnknown: true
        default: false
        }
    }
}
