import AgeEncryption
import Diagnostics
package import Model
package import Streams

extension Repository {
    /// Puts a damaged point back from the first of `copies` that can serve; returns that copy, nil when none has the point
    /// or it turns out to be sound.
    ///
    /// The object is read again here and must be proven bad. Before it gives way the copy's has been read, every archive
    /// that it needs has been read here and mended where one of `copies` holds it sound, and all are here in their size
    /// and not about to be collected: else this throws, and the damaged point stays. `session` is of the kind `repair`,
    /// beside which no prune lives, so that nothing is collected in the moment without the point. Its removal is recorded
    /// first, by the hash that the next point knows it by, so that the chain explains the new object. A run that ends in
    /// between leaves the point missing here, recorded as removed and with all its archives: a sync brings it.
    package func repair(
        _ name: PointName,
        from copies: [Repository],
        session: Session,
        tool: String,
        stop: Stop
    ) throws -> Repository? {
        guard try isDamaged(name) else { return nil }
        var refusal: Diagnostic?
        for copy in copies where sharesRecipients(with: copy) {
            guard let sealed = try? copy.readSealedPoint(name) else { continue }
            let point = sealed.point
            if stop.isRequested { throw Stopped() }
            do {
                try gatherArchives(of: point.manifest, from: copies, stop)
            } catch let error as Diagnostic where error.code == .objectMissing {
                refusal = refusal ?? unmendable(name, error)
                continue
            }
            try replace(point, sealed.catalog, from: copy, session: session, tool: tool)
            return copy
        }
        if let refusal { throw refusal }
        return nil
    }

    /// Mends what the point's archives lack here; throws `object-missing` unless all are here then.
    private func gatherArchives(of manifest: Manifest, from copies: [Repository], _ stop: Stop) throws {
        for facts in manifest.archives { _ = try repair(facts, from: copies, stop: stop) }
        try requireArchives(of: manifest)
    }

    private func replace(
        _ point: StoredPoint,
        _ catalog: [UInt8],
        from copy: Repository,
        session: Session,
        tool: String
    ) throws {
        let name = point.name
        let hash = { try Hex.encode(SHA256.digest(of: self.object(at: Layout.point(name)))) }
        // What a bad disk does not give back has no hash any more; no other point names it then.
        let known = try successorsHash(of: name) ?? (try? hash()) ?? point.sha256
        let author = RecordAuthor(tool: tool, host: ProcessToken.current.host, started: .now)
        try recordRemoval([PreviousPoint(point: name, sha256: known)], author)
        try store.remove(Layout.point(name))
        var manifest = point.manifest
        manifest.previous = try predecessor(of: name)
        let mended = try commit(manifest, sealedCatalog: catalog, session: session)
        // So that it is missed when it goes again: its removal is on record.
        var run = SyncRun(source: copy.descriptor.id)
        run.points = [mended.asPrevious]
        _ = try? append(author.record(.sync(run), plan: name.plan))
    }

    private func unmendable(_ name: PointName, _ reason: Diagnostic) -> Diagnostic {
        Diagnostic(
            .objectMissing,
            "point '\(name)' cannot be mended in \(displayName)",
            cause: reason.cause ?? reason.summary,
            hint: "It stays as it is; use its copy in another repository, and take a new backup."
        )
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
    func successorsHash(of name: PointName) throws -> String? {
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
