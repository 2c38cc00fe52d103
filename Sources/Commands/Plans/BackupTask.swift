import Diagnostics
import Export
import Model
import Repository
import Settings
import Streams
import Terminal

/// One backup of one plan into all of its repositories, from the keys to the committed points.
struct BackupTask: Sendable {
    let job: BackupJob
    let command: BackupCommand
    let context: CommandContext
    let turn: TurnPatience

    /// Takes the point; one result for each of the job's places, in their order.
    ///
    /// Blocks; runs on an engine thread. Throws only what keeps the run from beginning anywhere, such as missing keys.
    func run(_ progress: ExportProgress) throws -> BackupOutcome {
        let (keyring, keysMade) = try command.keys.keyringOrNew(asGuest: isGuest, in: context)
        let began = Instant.now
        var plan = try recordingFailure(since: began, keyring) { try self.plan() }
        var seen = SeenRepositories()
        let opened = job.places.map { place in
            Result {
                let opened = try open(place, keyring)
                try seen.admit(opened.repository, as: place.name)
                return opened
            }
        }
        let repositories = opened.compactMap { try? $0.get().repository }
        plan.outOfReach = zip(job.places, opened).compactMap { place, result in
            if case .failure = result { place.displayName } else { nil }
        }
        let exports =
            repositories.isEmpty
            ? []
            : Exporter(plan, into: repositories, stop: job.stop, progress: progress).run()
        var rest = exports[...]
        let results = opened.map { place in
            switch place {
            case .success: rest.popFirst() ?? .failure(Diagnostic.interrupted)
            case .failure(let error): Result<ExportOutcome, any Error>.failure(error)
            }
        }
        return BackupOutcome(
            results: zip(job.places, results).map { place, result in
                BackupResult(job.plan, place.name, result.mapError(diagnostic), peakMemory: PeakMemory.bytes)
            },
            keysMade: EscrowAdvice(keyring, made: keysMade)?.lines,
            made: opened.compactMap { result in
                guard case .success((let repository, true)) = result else { return nil }
                return "made a new repository in \(repository.displayName), id \(repository.descriptor.id)"
            },
            remarks: repositories.flatMap(\.remarks)
        )
    }

    /// Whether others made a repository that this run writes to: its recipients count, and keys of this machine's own would
    /// open nothing there.
    private var isGuest: Bool {
        if (try? command.keys.keyring(in: context)) != nil { return true }
        return job.places.contains { place in (try? Repository.isThere(in: place.store.get())) == true }
    }

    /// What keeps a run from beginning is a failed run too: a variable that is not set fails every night.
    private func recordingFailure<Value>(since began: Instant, _ keyring: Keyring, _ body: () throws -> Value) throws
        -> Value
    {
        do { return try body() } catch {
            let diagnostic = diagnostic(for: error)
            let failure = Failure(
                code: diagnostic.code.rawValue,
                summary: diagnostic.summary,
                cause: diagnostic.cause
            )
            let run = BackupRun(point: nil, recoveryInstant: nil, totals: nil, phases: [], failure: failure)
            for place in job.places {
                guard let store = try? place.store.get(), let repository = try? Repository.open(store, keyring: keyring)
                else { continue }
                let record = RunRecord(
                    tool: Tool.full,
                    plan: job.plan,
                    host: context.host,
                    started: began,
                    finished: .now,
                    event: .backup(run)
                )
                _ = try? repository.append(record)
            }
            throw error
        }
    }

    private func plan() throws -> ExportPlan {
        var plan = ExportPlan(
            point: PointName(plan: job.plan, slot: Slot(context.now())),
            source: try job.source.get(),
            tool: Tool.full,
            host: context.host
        )
        plan.workerCount = command.workers ?? job.settings?.workers ?? 4
        if let level = command.level { plan.compressionLevel = level }
        plan.isFull = command.full
        plan.turn = turn
        plan.clock = context.now
        if command.audit { plan.audit = .all }
        if let rereadWithin = job.settings?.rereadWithin { plan.rereadWithin = rereadWithin }
        plan.rereadBudget = job.settings?.rereadBudget?.bytes
        plan.maxLockWait = command.maxLockWait?.duration ?? job.settings?.maxLockWait
        plan.excludedObjects = patterns(command.exclude + (job.settings?.excludedObjects ?? []))
        plan.excludedRows = patterns(command.excludeRows + (job.settings?.excludedTables ?? []))
        return plan
    }

    /// The repository; a missing or empty place becomes one, unless this machine has had one there before.
    private func open(_ place: BackupJob.Place, _ keyring: Keyring) throws -> (repository: Repository, isNew: Bool) {
        let store = try place.store.get()
        do {
            let repository = try Repository.open(store, keyring: keyring)
            // A scheduled run may not write to the folder of keys.
            try? keyring.remember(repository: repository.descriptor, at: repository.displayName)
            return (repository, false)
        } catch let error as Diagnostic where error.code == .repositoryMissing {
            try Self.requireNewPlace(store, place.name, keyring)
            let repository = try Repository.create(in: store, keyring: keyring, now: context.now())
            try keyring.noteOnEscrowSheet(repository: repository.descriptor, place: repository.displayName)
            return (repository, true)
        }
    }

    /// Throws where this machine has had a repository and nothing is now: most often a disk that is not mounted, and a
    /// new repository below its mount point would fill another disk and be hidden by the next mount.
    static func requireNewPlace(_ store: any ObjectStore, _ name: String, _ keyring: Keyring) throws {
        guard let id = try keyring.rememberedRepository(at: store.displayName) else { return }
        throw Diagnostic(
            .repositoryMissing,
            "refusing to make a new repository in \(store.displayName): there was one, and it is gone",
            cause: "this machine has used repository \(id) there; a disk may not be mounted",
            hint: "Bring it back, or begin anew with 'lifeboat repo init \(name)'."
        )
    }

    private func patterns(_ texts: [String]) -> [TablePattern] { texts.map { TablePattern($0) } }
}

/// What a backup did in each repository, and what to say about new keys.
struct BackupOutcome: Sendable {
    var results: [BackupResult]
    var keysMade: [StyledText]?
    /// What to say of each repository that was made.
    var made: [String]
    /// What was found in the repositories on the way.
    var remarks: [Diagnostic]
}
