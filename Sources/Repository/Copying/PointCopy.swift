import Diagnostics
package import Model
package import Streams

extension Repository {
    /// Copies every point of `plan` that `source` has and this repository lacks, oldest first; removes nothing.
    ///
    /// Archives go as the encrypted bytes that they are, so both must have the same recipients. The index of a point is
    /// sealed again for this repository: it continues the point before it *here*, and this machine signs for it after
    /// having checked the signature there. The definitions go as they are; no key of an operator is needed. What holds a
    /// point there, and what proved it, is said here before the point appears.
    ///
    /// What is there already is left alone, so a run that was ended early is continued by the next. A point that cannot be
    /// read in `source` is named in the result and keeps no other from being copied. Records itself in this repository.
    package func copyPoints(
        of plan: PlanName,
        from source: Repository,
        tool: String,
        host: String,
        stop: Stop,
        turn: TurnPatience = .none,
        progress: @escaping (_ bytes: Int64) -> Void = { _ in }
    ) throws -> SyncRun {
        guard source.descriptor.id != descriptor.id else {
            throw Diagnostic(
                .usage,
                "\(displayName) and \(source.displayName) are the same repository, or copies of the same files",
                cause: "their descriptors have the same id",
                hint: "Make a new one in a place of its own with 'lifeboat repo init', and copy into that."
            )
        }
        guard sharesRecipients(with: source) else {
            throw Diagnostic(
                .keyWrong,
                "cannot copy from \(source.displayName) to \(displayName)",
                cause: "they are encrypted to different recipients, and copies are made without decrypting",
                hint: "Take a backup into \(displayName) instead."
            )
        }
        let started = Instant.now
        let session = try beginSession(kind: .backup, plan: plan, base: nil, takesPoint: false, turn: turn)
        defer { try? session.end() }
        let reading = try source.beginReadingSession(kind: .restore, plan: plan, base: nil)
        defer { try? reading?.end() }
        let work = PointCopy(
            source: source,
            target: self,
            testimony: Testimony(try source.records(plan: plan)),
            known: try records(plan: plan),
            tool: tool,
            reading: reading,
            session: session,
            damaged: Set(try evidence(plan: plan, remembering: true).damagedArchives.keys),
            stop: stop,
            progress: progress
        )
        let run = try work.run(plan)
        if !run.points.isEmpty || !run.failed.isEmpty {
            try append(
                RunRecord(tool: tool, plan: plan, host: host, started: started, finished: .now, event: .sync(run))
            )
        }
        return run
    }
}

/// One synchronisation at work.
private struct PointCopy {
    let source: Repository
    let target: Repository
    let testimony: Testimony
    /// What the target's own records say.
    let known: [StoredRecord]
    let tool: String
    /// Nil where the source cannot be written.
    let reading: Session?
    let session: Session
    /// What records of the target call damaged: no point is built on it unless it has been mended.
    let damaged: Set<ArchiveID>
    let stop: Stop
    let progress: (Int64) -> Void

    func run(_ plan: PlanName) throws -> SyncRun {
        let present = Set(try target.listPoints(plan: plan).map(\.name))
        var archives = Dictionary(
            try target.listArchives().map { ($0.id, $0.bytes) },
            uniquingKeysWith: { first, _ in first }
        )
        // Somebody took them away: what comes instead is sealed anew, and the point after it knows the old one.
        let lost = Set(Evidence(known).vanished(among: present.sorted()))
        var run = SyncRun(source: source.descriptor.id)
        for name in try source.listPoints(plan: plan).map(\.name) where !present.contains(name) {
            guard !stop.isRequested else { throw Stopped() }
            do {
                try reading?.use(base: name)
                try copy(name, isLost: lost.contains(name), &archives, &run)
            } catch let error as Diagnostic where error.isAboutOneObject && error.code != .objectExists {
                let reason = error.cause.map { "\(error.summary): \($0)" } ?? error.summary
                run.failed.append(BadPoint(point: name, reason: reason))
            }
        }
        return run
    }

    /// Reads an archive of the target again that was found damaged there.
    private func requireMended(_ facts: ArchiveFacts) throws {
        do {
            try ArchiveCopy(facts: facts, source: target, stop: stop).requireSound()
        } catch var error as Diagnostic where error.code == .objectCorrupt {
            error.hint = "Mend it with 'lifeboat verify --repair' first."
            throw error
        }
    }

    private func copy(
        _ name: PointName,
        isLost: Bool,
        _ archives: inout [ArchiveID: Int64],
        _ run: inout SyncRun
    ) throws {
        let sealed = try source.readSealedPoint(name)
        let stored = sealed.point
        for facts in stored.manifest.archives where archives[facts.id] == facts.bytes && damaged.contains(facts.id) {
            try requireMended(facts)
        }
        for facts in stored.manifest.archives where archives[facts.id] != facts.bytes {
            guard archives[facts.id] == nil else {
                throw Diagnostic(
                    .objectCorrupt,
                    "archive '\(facts.id)' in \(target.displayName) does not have the recorded size",
                    hint: "Mend it with 'lifeboat verify --repair' first."
                )
            }
            do {
                try ArchiveCopy(facts: facts, source: source, stop: stop, progress: progress).write(into: target)
                run.archives += 1
                run.bytes += facts.bytes
            } catch let error as Diagnostic where error.code == .objectExists {
                // Another run was faster; the commit checks its size.
            }
            archives[facts.id] = facts.bytes
        }
        var manifest = stored.manifest
        manifest.previous = try target.predecessor(of: name)
        try testimony.tell(of: name, in: target, knowing: known, tool: tool)
        if isLost {
            let hash = try target.successorsHash(of: name) ?? stored.sha256
            let author = RecordAuthor(tool: tool, host: ProcessToken.current.host, started: .now)
            try target.recordRemoval([PreviousPoint(point: name, sha256: hash)], author)
        }
        do {
            let copied = try target.commit(manifest, sealedCatalog: sealed.catalog, session: session)
            run.points.append(PreviousPoint(point: name, sha256: copied.sha256))
        } catch let error as Diagnostic where error.code == .objectExists {
            // The same holds for the point itself.
        }
    }
}
