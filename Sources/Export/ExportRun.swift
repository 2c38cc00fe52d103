import Catalog
import Diagnostics
import Model
import PostgresClient
import Repository
import Streams

/// One run, step by step; lives on one thread.
struct ExportRun {
    let plan: ExportPlan
    let destinations: [Destination]
    let stop: Stop
    let progress: ExportProgress
    let phases: PhaseRecorder

    private let findings = ExportFindings()
    private let waits: LockWaits
    /// Ends the coordinator's statements too when somebody has waited for too long.
    private let giveWay = Stop()

    init(
        plan: ExportPlan,
        destinations: [Destination],
        stop: Stop,
        progress: ExportProgress,
        phases: PhaseRecorder
    ) {
        self.plan = plan
        self.destinations = destinations
        self.stop = stop
        self.progress = progress
        self.phases = phases
        waits = LockWaits(limit: plan.maxLockWait)
        stop.whenRequested { [giveWay] in giveWay.request() }
    }

    /// Everything from the first connection to the commits; what it throws ended the run in every repository.
    func perform() throws {
        try destinations.requireAny()
        let prepared = try prepare()
        if stop.isRequested { throw Stopped() }
        for (point, stored) in PointCommits(stop: stop, phases: phases).run(prepared) {
            point.destination.settle(ExportOutcome(point: stored, report: report(point, stored)))
        }
    }

    private func prepare() throws -> [PreparedPoint] {
        let coordinator = try phases.measure("connect") { try SnapshotCoordinator(plan, stop: giveWay) }
        progress.connected()
        let snapshot = try phases.measure("lock and snapshot") { try coordinator.takeSnapshot() }
        let vigil = LockVigil(probe: coordinator.probe, holder: snapshot.holder, waits: waits, giveWay: giveWay)
        let survey = try phases.measure("inventory") {
            try explaining("cannot take stock of '\(plan.source.displayName)'") {
                try vigil.during { try ExportSurvey(coordinator, snapshot, plan: plan) }
            }
        }
        let anchor = try phases.measure("anchor") { try castAnchor(survey, snapshot, coordinator) }
        let catalog = try phases.measure("catalog") { try readDefinitions(snapshot, coordinator, vigil) }
        let reuse = try vigil.during { try destinations.map { try judge($0, survey, coordinator) } }
        let list = list(survey, reuse)
        let tasks = list.tasks
        progress.plan(ranges: tasks.count, tableBytes: tasks.reduce(0) { $0 + $1.bytes })
        let context = context(survey, snapshot, coordinator, reuse)
        var notices = plan.notices + snapshot.idleNotices(of: plan.excludedRows)
        if let problem = survey.cluster.problem { notices.append("no later run can build on this point: \(problem)") }
        notices += try phases.measure("copy") { try copy(tasks, context, coordinator) }
        let ending = try phases.measure("sequences and anchor") { try finish(survey, context, anchor) }
        try phases.measure("audit") {
            try vigil.during { try audit(tasks, context, coordinator.connection) }
            try explaining("cannot look at the definitions again") {
                try coordinator.requireSameObjects(survey.inventory.tables)
            }
        }
        try explaining("the snapshot was lost") { try coordinator.connection.execute("COMMIT") }
        try destinations.requireAny()
        return try destinations.live.map { destination in
            var passedOver = destination.base.damaged.map {
                "point '\($0.point)' cannot be read and was passed over: \($0.reason)"
            }
            if let sealed = destination.base.sealed {
                passedOver.append("the index of '\(sealed.point)' is not for this machine to open: everything was read")
            }
            let draft = ManifestDraft(
                context: context,
                destination: destination,
                verdict: reuse[destination.index],
                tasks: tasks,
                source: survey.source,
                continuity: ending.continuity,
                largeObjects: survey.largeObjects?.objects,
                sequences: ending.sequences,
                catalog: catalog,
                notices: passedOver + list.notices(for: destination.index) + notices + waits.notices
                    + ending.notices + catalog.notices + findings.contradictions,
                phases: phases.recorded
            )
            return PreparedPoint(destination: destination, manifest: try draft.manifest(), catalog: catalog.text)
        }
    }

    private func list(_ survey: ExportSurvey, _ reuse: [ReuseVerdict]) -> TaskList {
        TaskList(
            survey.inventory,
            largeObjects: survey.largeObjects,
            reuse: reuse,
            chunks: ChunkPlan(targetBytes: plan.rangeBytes, blockSize: survey.blockSize),
            budget: RereadBudget(bytes: plan.rereadBudget)
        )
    }

    private func readDefinitions(
        _ snapshot: ExportedSnapshot,
        _ coordinator: SnapshotCoordinator,
        _ vigil: LockVigil
    ) throws -> StoredDefinitions {
        let definitions = try vigil.during {
            try StoredDefinitions(
                from: coordinator.connection,
                alongside: secondSession(snapshot, coordinator.pinned),
                excluding: plan.excludedObjects
            )
        }
        try explaining("cannot look at the definitions again") {
            try coordinator.requireSameDefinitions(since: snapshot.bounds)
        }
        return definitions
    }

    /// A session for the definitions; it ends before the workers' begin.
    private func secondSession(_ snapshot: ExportedSnapshot, _ pinned: PinnedSettings) -> SecondSession {
        let (plan, giveWay) = (plan, giveWay)
        return { body in
            let reader = try SnapshotReader(plan, snapshot: snapshot, pinned: pinned, stop: giveWay)
            try body(reader.connection)
            try reader.finish()
        }
    }

    /// What may be taken over in one repository, from its own base.
    private func judge(
        _ destination: Destination,
        _ survey: ExportSurvey,
        _ coordinator: SnapshotCoordinator
    ) throws -> ReuseVerdict {
        let base = destination.base.point
        guard
            let archives = try destination.attempt({
                base == nil || plan.isFull
                    ? ReusableArchives.none : try destination.repository.reusableArchives(extending: base)
            })
        else { return .unusable(.noBase) }
        let present = ReuseVerdict.Present(
            cluster: survey.cluster.key,
            bounds: survey.bounds,
            archives: archives
        )
        return try explaining("cannot compare with the point before") {
            try ReuseVerdict(base: base?.manifest, present: present, plan: plan, connection: coordinator.connection)
        }
    }

    private func context(
        _ survey: ExportSurvey,
        _ snapshot: ExportedSnapshot,
        _ coordinator: SnapshotCoordinator,
        _ reuse: [ReuseVerdict]
    ) -> ExportContext {
        ExportContext(
            plan: plan,
            snapshot: snapshot,
            pinned: coordinator.pinned,
            inventory: survey.inventory,
            encoding: survey.source.encoding,
            destinations: destinations,
            windows: ScanWindows(reuse.map { $0.basis?.window }),
            takesFingerprints: survey.cluster.key != nil,
            findings: findings,
            progress: progress
        )
    }

    /// Reads what has to be read; returns what people should know.
    private func copy(
        _ tasks: [RangeTask],
        _ context: ExportContext,
        _ coordinator: SnapshotCoordinator
    ) throws -> [String] {
        let copy = SnapshotCopy(context: context, connection: coordinator.connection, waits: waits, stop: stop)
        var notices = try copy.take(tasks)
        if !findings.contradictions.isEmpty {
            // What was taken over on the strength of the same argument, here or elsewhere, is not to be trusted either.
            let reused = destinations.map { $0.ledger.forgetReused() }
            let again = tasks.filter { task in reused.contains { $0.contains(task.id) } }.map { task in
                var task = task
                task.prospects = reused.map { $0.contains(task.id) ? .read(.violation) : .settled }
                return task
            }
            notices += try copy.take(again)
        }
        return notices
    }

    private struct Ending {
        var sequences: [SequenceState]
        var continuity: Continuity?
        var notices: [String] = []
    }

    /// Right after the snapshot, so that the server has time to write it down while rows are read.
    private func castAnchor(
        _ survey: ExportSurvey,
        _ snapshot: ExportedSnapshot,
        _ coordinator: SnapshotCoordinator
    ) throws -> AnchorCast? {
        guard survey.cluster.key != nil, !snapshot.isInRecovery else { return nil }
        return try explaining("cannot anchor the snapshot in the server's history") {
            try AnchorCast(coordinator.probe)
        }
    }

    private func finish(_ survey: ExportSurvey, _ context: ExportContext, _ cast: AnchorCast?) throws -> Ending {
        let sequences = try explaining("cannot read the sequences") { try survey.sequences.read() }
        // After a contradiction the next run must not build on the same theory.
        guard let cluster = survey.cluster.key, findings.contradictions.isEmpty else {
            return Ending(sequences: sequences, continuity: nil)
        }
        var ending = Ending(sequences: sequences)
        let anchor = try anchor(cast, noting: &ending.notices)
        let bounds = context.snapshot.bounds
        ending.continuity = Continuity(cluster: cluster, xmin: bounds.xmin, xmax: bounds.xmax, anchor: anchor)
        return ending
    }

    /// A session of the anchor that the server has ended meanwhile, because it idled, costs the next run a full read and not
    /// this one its point.
    private func anchor(_ cast: AnchorCast?, noting notices: inout [String]) throws -> Anchor? {
        do {
            return try cast?.settled()
        } catch let error as PostgresError where error.isConnectionLost && !stop.isRequested && !giveWay.isRequested {
            notices.append(
                "the next run reads everything: the server ended an idle session (\(error.message.onOneLine))"
            )
            return nil
        } catch let error as PostgresError {
            throw error.diagnostic(while: "cannot anchor the snapshot in the server's history")
        }
    }

    private func audit(_ tasks: [RangeTask], _ context: ExportContext, _ connection: Connection) throws {
        let tables = context.inventory.tables
        let due = RowAudit.due(tables, plan.audit, in: plan.point.slot)
        guard !due.isEmpty else { return }
        var rows = [Int64](repeating: 0, count: tables.count)
        // All that still live have the same rows: what was read went to each, what was taken over was compared.
        guard let any = destinations.live.first else { return }
        for task in tasks {
            if case .table(let index) = task.source { rows[index] += any.ledger.range(of: task)?.proof.rows ?? 0 }
        }
        try explaining("cannot count the tables again") {
            try RowAudit(connection: connection).check(due.map { (tables[$0], rows[$0]) })
        }
    }

    private func report(_ prepared: PreparedPoint, _ point: StoredPoint) -> ExportReport {
        let ledger = prepared.destination.ledger
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
        guard let first = findings.contradictions.first else { return nil }
        return Diagnostic(
            .objectCorrupt,
            "rows changed without a trace: points since the last full read may be wrong",
            cause: first,
            hint: "This point was read in full. Drill the points before it, and check the server's memory and disks.",
            context: ["ranges": findings.contradictions.joined(separator: "; ")]
        )
    }
}
