import Diagnostics
import Export
import Model
import Repository
import Settings
import Terminal

/// One backup of one plan into one repository, from the keys to the committed point.
struct BackupTask: Sendable {
    let job: BackupJob
    let place: BackupJob.Place
    let command: BackupCommand
    let context: CommandContext

    /// Blocks; runs on an engine thread.
    func run(_ progress: ExportProgress) throws -> BackupOutcome {
        let (keyring, keysAreNew) = try command.keys.keyringOrNew(in: context)
        let (repository, isNew) = try open(keyring)
        if isNew { try keyring.noteOnEscrowSheet(repository: repository.descriptor, place: repository.displayName) }
        var plan = ExportPlan(
            point: PointName(plan: job.plan, slot: Slot(context.now())),
            source: job.source,
            tool: Tool.full,
            host: context.host
        )
        plan.workerCount = command.workers ?? job.settings?.workers ?? 4
        plan.isFull = command.full
        if command.audit { plan.audit = .all }
        if let rereadWithin = job.settings?.rereadWithin { plan.rereadWithin = rereadWithin }
        plan.excludedObjects = patterns(command.exclude)
        // The settings' 'exclude' leaves out rows and keeps definitions, as its description says.
        plan.excludedRows = patterns(command.excludeRows + (job.settings?.excludedTables ?? []))
        let outcome = try Exporter(plan, into: repository, stop: context.stop, progress: progress).run()
        return BackupOutcome(
            export: outcome,
            peakMemoryBytes: PeakMemory.bytes,
            keysMade: keysAreNew ? escrowWords(keyring) : nil
        )
    }

    /// The repository; a missing or empty folder becomes one when it was named on the command line or is a plan's own.
    private func open(_ keyring: Keyring) throws -> (Repository, isNew: Bool) {
        do {
            return (try Repository.open(place.store, keyring: keyring), false)
        } catch let error as Diagnostic where error.code == .repositoryMissing {
            return (try Repository.create(in: place.store, keyring: keyring, now: context.now()), true)
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

/// What a backup did, and what to say about new keys.
struct BackupOutcome: Sendable {
    var export: ExportOutcome
    /// The process's, so with several plans the largest until now.
    var peakMemoryBytes: Int64?
    var keysMade: [StyledText]?

    /// The answer as people read it.
    func text(_ place: String) -> [StyledText] {
        let report = export.report
        let totals = report.totals
        let begun = export.point.manifest.recoveryInstant
        let seconds = report.phases.map { ($0.started - begun).inSeconds + $0.seconds }.max()
        var lines: [StyledText] = [
            StyledText("\(export.point.name)", .bold) + StyledText(" committed to \(place)"),
            StyledText(
                "  \(report.tables) tables, \(totals.rows) rows, \(byteText(totals.bytesRepresented)) of text,"
                    + " as of \(begun)"
            ),
            StyledText(
                "  read \(byteText(totals.bytesRead)) in \(totals.rangesRead) ranges, reused \(totals.rangesReused),"
                    + " stored \(byteText(totals.bytesStored))" + (seconds.map { " in \(secondsText($0))" } ?? "")
                    + (peakMemoryBytes.map { ", peak memory \(byteText($0))" } ?? "")
            ),
        ]
        if totals.rangesReused > 0 { lines += report.reasons.map { StyledText("  \($0)", .dim) } }
        lines += report.omissions.map { StyledText("  left out: \($0.object): \($0.reason)", .yellow) }
        lines += report.notices.map { StyledText("  note: \($0)", .yellow) }
        return lines
    }
}
