import Diagnostics
import Model
import PostgresClient
import Repository
import Streams

/// One run, step by step; lives on one thread.
struct ExportRun {
    let plan: ExportPlan
    let repository: Repository
    let session: Session
    let stop: Stop
    let progress: ExportProgress
    let phases: PhaseRecorder

    private let register = ArchiveRegister()
    private let ledger = ExportLedger()

    init(
        plan: ExportPlan,
        repository: Repository,
        session: Session,
        stop: Stop,
        progress: ExportProgress,
        phases: PhaseRecorder
    ) {
        self.plan = plan
        self.repository = repository
        self.session = session
        self.stop = stop
        self.progress = progress
        self.phases = phases
    }

    /// Everything from the first connection to the commit.
    func perform() throws -> ExportOutcome {
        let newest = try repository.newest(plan: plan.point.plan)
        if let base = newest.point { try session.use(base: base.name) }
        let prepared: PreparedPoint
        do {
            prepared = try prepare(newest)
        } catch {
            // Nothing refers to these archives, and nothing will: the commit was never tried.
            for archive in register.archives { try? repository.store.remove(repository.archiveKey(archive.id)) }
            throw error
        }
        if stop.isRequested { throw Stopped() }
        let point = try phases.measure("commit") {
            try repository.commit(manifest: prepared.manifest, catalog: prepared.catalog, session: session)
        }
        return ExportOutcome(point: point, report: report(prepared, point))
    }

    /// A point that is complete but for its commit.
    private struct PreparedPoint {
        var manifest: Manifest
        var catalog: [UInt8]
    }

    private func prepare(_ newest: NewestPoint) throws -> PreparedPoint {
        let coordinator = try phases.measure("connect") { try SnapshotCoordinator(plan, stop: stop) }
        let snapshot = try phases.measure("lock and snapshot") { try coordinator.takeSnapshot() }
        let survey = try phases.measure("inventory") {
            try explaining("cannot take stock of '\(plan.source.displayName)'") {
                try ExportSurvey(coordinator, snapshot, plan: plan)
            }
        }
        let catalog = try phases.measure("catalog") {
            try StoredDefinitions(from: coordinator.connection, excluding: plan.excludedObjects)
        }
        let reuse = try judge(newest.point, survey, coordinator)
        let tasks = TaskList(
            survey.inventory,
            largeObjects: survey.largeObjects,
            reuse: reuse,
            chunks: ChunkPlan(targetBytes: plan.rangeBytes, blockSize: survey.blockSize)
        ).tasks
        progress.plan(ranges: tasks.count, tableBytes: tasks.reduce(0) { $0 + $1.bytes })
        let context = context(survey, snapshot, coordinator, reuse)
        var notices = newest.damaged.map { "point '\($0.point)' cannot be read and was passed over: \($0.reason)" }
        if let problem = survey.cluster.problem { notices.append("no later run can build on this point: \(problem)") }
        notices += try phases.measure("copy") { try copy(tasks, context, coordinator) }
        let ending = try phases.measure("sequences and anchor") { try finish(survey, context, coordinator) }
        try phases.measure("audit") {
            try audit(tasks, context, coordinator.connection)
            try explaining("cannot look at the definitions again") {
                try coordinator.requireSameObjects(survey.inventory.tables)
            }
        }
        try explaining("the snapshot was lost") { try coordinator.connection.execute("COMMIT") }
        let draft = ManifestDraft(
            context: context,
            tasks: tasks,
            base: newest.point,
            source: survey.source,
            continuity: ending.continuity,
            largeObjects: survey.largeObjects?.objects,
            sequences: ending.sequences,
            catalog: catalog,
            notices: notices + catalog.notices + ledger.contradictions,
            phases: phases.recorded
        )
        return PreparedPoint(manifest: try draft.manifest(), catalog: catalog.bytes)
    }

    private func judge(
        _ base: StoredPoint?,
        _ survey: ExportSurvey,
        _ coordinator: SnapshotCoordinator
    ) throws -> ReuseVerdict {
        let archives = base == nil || plan.isFull ? [] : try repository.listArchives()
        let present = ReuseVerdict.Present(
            cluster: survey.cluster.key,
            bounds: survey.bounds,
            archives: Dictionary(archives.map { ($0.id, $0.bytes) }, uniquingKeysWith: { first, _ in first })
        )
        return try explaining("cannot compare with the point before") {
            try ReuseVerdict(base: base?.manifest, present: present, plan: plan, connection: coordinator.connection)
        }
    }

    private func context(
        _ survey: ExportSurvey,
        _ snapshot: ExportedSnapshot,
        _ coordinator: SnapshotCoordinator,
        _ reuse: ReuseVerdict
    ) -> ExportContext {
        ExportContext(
            plan: plan,
            repository: repository,
            snapshot: snapshot,
            pinned: coordinator.pinned,
            inventory: survey.inventory,
            encoding: survey.source.encoding,
            window: reuse.basis?.window,
            takesFingerprints: survey.cluster.key != nil,
            ledger: ledger,
            register: register,
            progress: progress,
            heartbeat: Heartbeat(session)
        )
    }

    /// Reads what has to be read; returns what people should know.
    private func copy(
        _ tasks: [RangeTask],
        _ context: ExportContext,
        _ coordinator: SnapshotCoordinator
    ) throws -> [String] {
        var notices = try copyOnce(tasks, context, coordinator)
        if !ledger.contradictions.isEmpty {
            // What was taken over on the strength of the same argument is not to be trusted either.
            let again = ledger.takeReused().map { task in
                var task = task
                task.prospect = .read(.violation)
                return task
            }
            notices += try copyOnce(again, context, coordinator)
        }
        return notices
    }

    private func copyOnce(
        _ tasks: [RangeTask],
        _ context: ExportContext,
        _ coordinator: SnapshotCoordinator
    ) throws -> [String] {
        guard !tasks.isEmpty else { return [] }
        var notices = try ExportWorkers(context: context, stop: stop).run(tasks)
        let refused = ledger.takeRefused()
        guard !refused.isEmpty else { return notices }
        let pipeline = try context.makePipeline(stop: stop)
        try RangeWork(context: context, connection: coordinator.connection, pipeline: pipeline).take(refused)
        try pipeline.finish()
        notices += Set(refused.map(\.source)).compactMap { source in
            guard case .table(let index) = source else { return nil }
            let name = context.inventory.tables[index].displayName
            return "a session waits for table '\(name)' until this export ends (it wants an ACCESS EXCLUSIVE lock)"
        }.sorted()
        return notices
    }

    private struct Ending {
        var sequences: [SequenceState]
        var continuity: Continuity?
    }

    private func finish(
        _ survey: ExportSurvey,
        _ context: ExportContext,
        _ coordinator: SnapshotCoordinator
    ) throws -> Ending {
        let sequences = try explaining("cannot read the sequences") { try survey.sequences.read() }
        // After a contradiction the next run must not build on the same theory.
        guard let cluster = survey.cluster.key, ledger.contradictions.isEmpty else {
            return Ending(sequences: sequences, continuity: nil)
        }
        let anchor =
            context.snapshot.isInRecovery
            ? nil
            : try explaining("cannot anchor the snapshot in the server's history") {
                try AnchorCast(coordinator.probe).cast()
            }
        let bounds = context.snapshot.bounds
        return Ending(
            sequences: sequences,
            continuity: Continuity(cluster: cluster, xmin: bounds.xmin, xmax: bounds.xmax, anchor: anchor)
        )
    }

    private func audit(_ tasks: [RangeTask], _ context: ExportContext, _ connection: Connection) throws {
        let tables = context.inventory.tables
        let due = RowAudit.due(tables, plan.audit, in: plan.point.slot)
        guard !due.isEmpty else { return }
        var rows = [Int64](repeating: 0, count: tables.count)
        for task in tasks {
            if case .table(let index) = task.source { rows[index] += ledger.range(of: task)?.proof.rows ?? 0 }
        }
        try explaining("cannot count the tables again") {
            try RowAudit(connection: connection).check(due.map { (tables[$0], rows[$0]) })
        }
    }

    private func report(_ prepared: PreparedPoint, _ point: StoredPoint) -> ExportReport {
        var totals = prepared.manifest.totals
        totals.bytesStored += point.bytes
        return ExportReport(
            totals: totals,
            phases: phases.recorded,
            tables: prepared.manifest.tables.count,
            reused: ledger.reused,
            reads: ledger.reads,
            omissions: prepared.manifest.omissions,
            notices: prepared.manifest.notices,
            alarm: alarm
        )
    }

    private var alarm: Diagnostic? {
        guard let first = ledger.contradictions.first else { return nil }
        return Diagnostic(
            .objectCorrupt,
            "rows changed without a trace: points since the last full read may be wrong",
            cause: first,
            hint: "This point was read in full. Drill the points before it, and check the server's memory and disks.",
            context: ["ranges": ledger.contradictions.joined(separator: "; ")]
        )
    }
}
