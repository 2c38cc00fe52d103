import Diagnostics
import Export
import Model
import Repository
import Settings
import Terminal

/// One backup of one plan into all of its repositories, from the keys to the committed points.
struct BackupTask: Sendable {
    let job: BackupJob
    let command: BackupCommand
    let context: CommandContext

    /// Takes the point; one result for each of the job's places, in their order.
    ///
    /// Blocks; runs on an engine thread. Throws only what keeps the run from beginning anywhere, such as missing keys.
    func run(_ progress: ExportProgress) throws -> BackupOutcome {
        let (keyring, keysAreNew) = try command.keys.keyringOrNew(in: context)
        let opened = job.places.map { place in Result { try open(place, keyring) } }
        let repositories = opened.compactMap { try? $0.get() }
        let exports =
            repositories.isEmpty
            ? []
            : Exporter(plan(), into: repositories, stop: context.stop, progress: progress).run()
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
            keysMade: keysAreNew ? escrowWords(keyring) : nil
        )
    }

    private func plan() -> ExportPlan {
        var plan = ExportPlan(
            point: PointName(plan: job.plan, slot: Slot(context.now())),
            source: job.source,
            tool: Tool.full,
            host: context.host
        )
        plan.workerCount = command.workers ?? job.settings?.workers ?? 4
        if let level = command.level { plan.compressionLevel = level }
        plan.isFull = command.full
        if command.audit { plan.audit = .all }
        if let rereadWithin = job.settings?.rereadWithin { plan.rereadWithin = rereadWithin }
        plan.rereadBudget = job.settings?.rereadBudget?.bytes
        plan.maxLockWait = command.maxLockWait?.duration ?? job.settings?.maxLockWait
        plan.excludedObjects = patterns(command.exclude)
        // The settings' 'exclude' leaves out rows and keeps definitions, as its description says.
        plan.excludedRows = patterns(command.excludeRows + (job.settings?.excludedTables ?? []))
        return plan
    }

    /// The repository; a missing or empty folder becomes one when it was named on the command line or is a plan's own.
    private func open(_ place: BackupJob.Place, _ keyring: Keyring) throws -> Repository {
        do {
            return try Repository.open(place.store, keyring: keyring)
        } catch let error as Diagnostic where error.code == .repositoryMissing {
            let repository = try Repository.create(in: place.store, keyring: keyring, now: context.now())
            try keyring.noteOnEscrowSheet(repository: repository.descriptor, place: repository.displayName)
            return repository
        }
    }

    private func patterns(_ texts: [String]) -> [TablePattern] { texts.map { TablePattern($0) } }

    /// Said once, when the keys are made.
    private func escrowWords(_ keyring: Keyring) -> [StyledText] {
        [
            StyledText("keys were made in \(keyring.folder)", .bold),
            StyledText("Whoever loses them loses every backup. Print \(keyring.escrowSheetPath),"),
            StyledText("lock the page away from this machine, and delete the file. 'lifeboat key escrow' shows it."),
        ]
    }
}

/// What a backup did in each repository, and what to say about new keys.
struct BackupOutcome: Sendable {
    var results: [BackupResult]
    var keysMade: [StyledText]?
}
