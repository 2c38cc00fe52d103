import Catalog
import Diagnostics
package import Model
import PostgresClient
package import Repository
package import Restore
package import Streams

/// A rehearsal of the recovery: a scratch cluster, the whole restore, the proof, the clock.
///
/// Blocks; runs on a thread of its own. Everything it makes is removed at the end, whatever happens.
package struct Drill: Sendable {
    package let repository: Repository
    /// Further repositories that hold the point: a recovery takes what is damaged from them, and so does its rehearsal.
    package let copies: [Repository]
    package let plan: DrillPlan
    /// The point, where it was read already: a store may charge for each byte.
    private let sealed: SealedPoint?
    package let progress: RestoreProgress
    /// What the next copy was taken for.
    package let damagedCopies = DamagedCopies()
    private let phases = PhaseRecorder()

    /// Creates a rehearsal.
    package init(
        repository: Repository,
        copies: [Repository] = [],
        plan: DrillPlan,
        sealed: SealedPoint? = nil,
        progress: RestoreProgress
    ) {
        self.repository = repository
        self.copies = copies
        self.plan = plan
        self.sealed = sealed
        self.progress = progress
    }

    /// Rehearses and returns what was found; throws only when it was interrupted.
    ///
    /// `declared` is when the emergency was declared: the clock of the recovery time starts there.
    package func run(declared: Instant, stop: Stop) throws -> DrillRun {
        _ = ClusterJanitor.sweep(plan.scratchParent)
        var rehearsal = Rehearsal()
        do {
            try rehearse(&rehearsal, declared, stop)
        } catch {
            let reason = stop.error ?? error
            guard !(reason is Stopped) else { throw reason }
            rehearsal.fail(with: reason)
        }
        stop.liftLimit()
        return rehearsal.result(plan.point, phases: phases.recorded)
    }

    private func rehearse(_ rehearsal: inout Rehearsal, _ declared: Instant, _ stop: Stop) throws {
        progress.begin("locate")
        let (manifest, catalog) = try phases.measure("locate") {
            let sealed = try sealed ?? repository.readSealedPoint(plan.point)
            let bytes = try sealed.openCatalog(identities: plan.identities)
            return (sealed.point.manifest, try CatalogSection.decode(bytes))
        }
        rehearsal.begin(manifest, catalog)
        let (cluster, database) = try startScratch(manifest, stop)
        rehearsal.target = database
        rehearsal.binaries = cluster.binaries
        rehearsal.targetVersion = "PostgreSQL \(cluster.binaries.major)"
        rehearsal.findings.notices += database.deviations + CatalogProof.notices(catalog)
        cluster.isolation.report(in: &rehearsal.findings)

        var options = RestoreOptions()
        options.workers = plan.workers
        options.isScratchCluster = true
        try database.confirm()
        var present = manifest
        let outcome = try Restorer(
            repository: repository,
            copies: copies,
            manifest: manifest,
            catalog: catalog,
            identities: plan.identities,
            target: database.settings,
            options: options,
            progress: progress,
            phases: phases
        ).run(stop: stop) { reader, missing in
            try database.confirm()
            present.leaveOut(missing)
            try proveRows(&rehearsal, present, as: reader, stop)
            rehearsal.findings.miss(manifest.tables.filter { missing.contains($0.identity) })
        }
        take(outcome, into: &rehearsal)
        try database.confirm()
        try proveDefinitions(&rehearsal, catalog, outcome, cluster, database, stop)
        rehearsal.recoverySeconds = (Instant.now - declared).inSeconds
        try controlProof(&rehearsal, present, database, stop)
        withExtendedLifetime(cluster) {}
    }

    /// What the restore left out, and the copies that it found damaged.
    private func take(_ outcome: RestoreOutcome, into rehearsal: inout Rehearsal) {
        rehearsal.findings.unknown += outcome.notApplied
        rehearsal.findings.notices += outcome.deviations + outcome.derived
        rehearsal.findings.notices += CatalogProof.notices(unfilled: outcome.unfilled)
        for (position, reason) in outcome.damaged.sorted(by: { $0.key < $1.key }) {
            let copy = ([repository] + copies)[position]
            damagedCopies.add(copy, reason)
            let words = "it is damaged, and the next copy was taken: \(reason)"
            rehearsal.findings.notices.append(Omission(object: "the copy in \(copy.displayName)", reason: words))
        }
    }

    private func proveDefinitions(
        _ rehearsal: inout Rehearsal,
        _ catalog: DatabaseCatalog,
        _ outcome: RestoreOutcome,
        _ cluster: EphemeralCluster,
        _ database: ScratchDatabase,
        _ stop: Stop
    ) throws {
        progress.begin("proof")
        let proof = CatalogProof(
            catalog: catalog,
            scratchRole: cluster.superuser,
            deviations: database.deviations,
            unfilled: outcome.unfilled.union(outcome.refused.contents),
            refused: outcome.refused
        )
        let definitions = try phases.measure("proof of definitions") {
            try proof.run(on: database.settings, stop: stop)
        }
        rehearsal.findings.catalog = definitions.score
        rehearsal.findings.notices += definitions.notices
    }

    private func startScratch(_ manifest: Manifest, _ stop: Stop) throws -> (EphemeralCluster, ScratchDatabase) {
        progress.begin("scratch cluster")
        return try phases.measure("scratch cluster") {
            let binaries = try ServerBinaries.find(
                for: manifest.source.serverVersion / 10_000,
                environment: plan.environment
            )
            let tuning = ClusterTuning(
                isDurable: true,
                machineBytes: Machine.memoryBytes,
                tables: manifest.tables.count,
                connections: plan.workers,
                major: binaries.major
            )
            let cluster = try EphemeralCluster(
                binaries: binaries,
                parent: plan.scratchParent,
                tuning: tuning,
                stop: stop
            )
            let database = try ScratchDatabase.create(in: cluster, like: manifest.source, stop: stop)
            try database.requireOther(than: manifest.continuity?.cluster)
            return (cluster, database)
        }
    }

    /// The proof of every table's rows, sequences, large objects, and the plan's own questions.
    ///
    /// `reader` may do nothing but read: a view that an assertion asks calls functions as whoever asks.
    private func proveRows(
        _ rehearsal: inout Rehearsal,
        _ manifest: Manifest,
        as reader: ConnectionSettings,
        _ stop: Stop
    ) throws {
        progress.begin("proof")
        rehearsal.findings.tables = try phases.measure("proof of rows", bytes: manifest.totals.bytesRepresented) {
            try DataProof(manifest: manifest, target: reader, workers: plan.workers, progress: progress)
                .run(stop: stop)
        }
        try phases.measure("checks") {
            let connection = try RestoreSession.openForRows(reader, like: manifest, stop: stop)
            if let check = try SequenceCheck(connection: connection).run(manifest.sequences) {
                rehearsal.findings.checks.append(check)
            }
            let objects = LargeObjectCheck(connection: connection)
            if let check = try objects.run(manifest.largeObjects, encoding: manifest.source.encoding) {
                rehearsal.findings.checks.append(check)
            }
            for assertion in plan.assertions { rehearsal.findings.take(assertion.ask(connection), of: assertion) }
        }
    }

    private func controlProof(
        _ rehearsal: inout Rehearsal,
        _ manifest: Manifest,
        _ database: ScratchDatabase,
        _ stop: Stop
    ) throws {
        try phases.measure("negative control") {
            let connection = try RestoreSession.openForRows(database.settings, like: manifest, stop: stop)
            switch try NegativeControl(connection: connection).run(manifest, progress: progress) {
            case .noRows: break
            case .made(let check): rehearsal.findings.checks.append(check)
            case .impossible(let reason):
                rehearsal.findings.notices.append(Omission(object: "negative control", reason: reason))
            }
        }
    }
}

/// What a rehearsal has found so far.
private struct Rehearsal {
    var findings = DrillFindings()
    var recoverySeconds: Double?
    var targetVersion = ""
    var target: ScratchDatabase?
    var binaries: ServerBinaries?
    private var recoveryInstant: Instant?

    mutating func begin(_ manifest: Manifest, _ catalog: DatabaseCatalog) {
        recoveryInstant = manifest.recoveryInstant
        findings.tables.total = manifest.tables.count
        findings.catalog.total = catalog.objects.count
        // What the point was taken without cannot be proven either; whoever reads the verdict must see it.
        findings.notices += manifest.omissions
        // Nothing is no proof, unless there was nothing.
        if manifest.tables.isEmpty, !manifest.omissions.isEmpty {
            findings.unknown.append(Omission(object: "rows", reason: "the point was taken without those of any table"))
        }
    }

    /// Something stopped the rehearsal: a fault of this machine leaves the point unjudged, any other is a failure.
    mutating func fail(with error: any Error) {
        var diagnostic =
            switch error {
            case let error as Diagnostic: error
            case let error as PostgresError: error.diagnostic(while: "the scratch cluster refused a statement")
            default: Diagnostic(.internalError, "something unexpected happened", cause: redacted("\(error)"))
            }
        if diagnostic.code == .extensionUnavailable, let binaries {
            diagnostic.hint =
                "Install it for the server programs in '\(binaries.folder)', or name the folder of others that have it"
                + " in LIFEBOAT_POSTGRES_BIN."
        }
        if diagnostic.isFaultOfThisMachine {
            findings.obstacle = DrillRun.Obstacle(
                code: diagnostic.code.rawValue,
                summary: diagnostic.summary,
                cause: diagnostic.cause,
                hint: diagnostic.hint
            )
        } else {
            findings.failure = Failure(
                code: diagnostic.code.rawValue,
                summary: diagnostic.summary,
                cause: diagnostic.cause
            )
        }
    }

    func result(_ point: PointName, phases: [Phase]) -> DrillRun {
        DrillRun(
            point: point,
            recoveryInstant: recoveryInstant ?? point.slot.instant,
            target: .ephemeral,
            targetVersion: targetVersion,
            verdict: findings.verdict,
            recoverySeconds: recoverySeconds,
            phases: phases,
            tables: findings.tables,
            catalog: findings.catalog,
            checks: findings.checks,
            notChecked: findings.unknown + findings.notices,
            failure: findings.failure,
            obstacle: findings.obstacle
        )
    }
}

extension Manifest {
    /// Expects nothing of tables and sequences that are not there.
    fileprivate mutating func leaveOut(_ missing: Set<ObjectIdentity>) {
        guard !missing.isEmpty else { return }
        tables.removeAll { missing.contains($0.identity) }
        sequences.removeAll { missing.contains($0.identity) }
    }
}

extension Diagnostic {
    /// Whether the rehearsal could not be carried out here, which says nothing about the point: no server, no key, no room,
    /// no connection (to its own cluster, which is the only one, or to a server that a definition of the source's calls), a
    /// repository out of reach, an extension or a feature that the server programs here do not bring, a scratch server that
    /// ran out of something or died, or no time left.
    fileprivate var isFaultOfThisMachine: Bool {
        switch code {
        case .timeLimit, .serverBinariesMissing, .scratchCluster, .keyMissing, .keyWrong, .resourceExhausted,
            .fileAccess, .repositoryMissing, .repositoryStorage, .repositoryUnreachable, .repositoryAccess,
            .databaseConnectionLost, .databaseUnreachable, .databaseAuthentication, .extensionUnavailable:
            return true
        default:
            // Insufficient resources, operator's intervention, errors of the system below the server, what it was built
            // without (0A000: ICU, say).
            guard let state = context["sqlstate"] else { return false }
            return ["0A000", "40", "53", "57P", "58"].contains { state.hasPrefix($0) }
        }
    }
}
