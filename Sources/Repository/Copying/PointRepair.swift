import AgeEncryption
import Diagnostics
package import Model
package import Streams

extension Repository {
    /// Puts a damaged point back from the first of `copies` that can be read; returns that copy, nil when none serves or
    /// the point turns out to be sound.
    ///
    /// The object is read again here and must be proven bad, and the copy's must have been read and all its archives be
    /// here in their size, before the bad object gives way. Its removal is recorded first, by the hash that the next point
    /// knows it by, so that the chain explains the new object. A run that ends in between leaves the point missing here,
    /// and recorded as removed: the next repair, or a sync, brings it.
    package func repair(
        _ name: PointName,
        from copies: [Repository],
        session: Session,
        tool: String,
        stop: Stop
    ) throws -> Repository? {
        guard try isDamaged(name) else { return nil }
        for copy in copies where copy.descriptor.id != descriptor.id && sharesRecipients(with: copy) {
            guard let sealed = try? copy.readSealedPoint(name) else { continue }
            let point = sealed.point
            if stop.isRequested { throw Stopped() }
            for facts in point.manifest.archives where try store.info(archiveKey(facts.id)) == nil {
                try ArchiveCopy(facts: facts, source: copy, stop: stop).write(into: self)
            }
            let known =
                try successorsHash(of: name) ?? Hex.encode(SHA256.digest(of: try object(at: Layout.point(name))))
            let author = RecordAuthor(tool: tool, host: ProcessToken.current.host, started: .now)
            try recordRemoval([PreviousPoint(point: name, sha256: known)], author)
            try store.remove(Layout.point(name))
            var manifest = point.manifest
            manifest.previous = try predecessor(of: name)
            _ = try commit(manifest, sealedCatalog: sealed.catalog, session: session)
            return copy
        }
        return nil
    }

    private func isDamaged(_ name: PointName) throws -> Bool {
        do {
            _ = try readPoint(name)
            return false
        } catch let error as Diagnostic where error.code == .objectCorrupt || error.code == .signatureInvalid {
            return true
        }
    }

    /// The hash by which the next readable point names this one.
    private func successorsHash(of name: PointName) throws -> String? {
        for listing in try listPoints(plan: name.plan) where listing.name > name {
            guard let next = try? readPoint(listing.name) else { continue }
            if let previous = next.manifest.previous, previous.point == name { return previous.sha256 }
        }
        return nil
    }

    /// The newest sound point before `name`: what a copy of it continues here.
    func predecessor(of name: PointName) throws -> PreviousPoint? {
        for listing in try listPoints(plan: name.plan).reversed() where listing.name < name {
            do {
                return try readPoint(listing.name).asPrevious
            } catch let error as Diagnostic where error.isAboutOneObject {
                continue
            }
        }
        return nil
    }
}
