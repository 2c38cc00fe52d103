package import AgeEncryption
package import Catalog
import Diagnostics
package import Model
package import PostgresClient
package import Repository
package import Streams

/// Turns a recovery point into a database.
///
/// Blocks; runs on a thread of its own. Memory: the catalog, and a few hundred KiB per worker.
package struct Restorer: Sendable {
    package let repository: Repository
    /// Further repositories that may hold copies of the point's archives.
    package let copies: [Repository]
    package let manifest: Manifest
    package let catalog: DatabaseCatalog
    package let identities: [any Identity]
    package let target: ConnectionSettings
    package let options: RestoreOptions
    package let progress: RestoreProgress
    package let phases: PhaseRecorder

    /// Creates a restore of `manifest`, whose definitions are `catalog`, into the database behind `target`.
    package init(
        repository: Repository,
        copies: [Repository] = [],
        manifest: Manifest,
        catalog: DatabaseCatalog,
        identities: [any Identity],
        target: ConnectionSettings,
        options: RestoreOptions,
        progress: RestoreProgress,
        phases: PhaseRecorder
    ) {
        self.repository = repository
        self.copies = copies
        self.manifest = manifest
        self.catalog = catalog
        self.identities = identities
        self.target = target
        self.options = options
        self.progress = progress
        self.phases = phases
    }

    /// Restores, or throws and says what was refused; what was done until then stays, for a look at it.
    ///
    /// On a scratch cluster `examine` is called when everything is there but no role has its power yet, with a role that
    /// may read everything and do nothing: what it asks may run the source's code. `missing` are tables and sequences that
    /// the target refused to make.
    package func run(
        stop: Stop,
        examine: (_ reader: ConnectionSettings, _ missing: Set<ObjectIdentity>) throws -> Void = { _, _ in }
    ) throws -> RestoreOutcome {
        let selection = try options.selection.resolved(in: catalog)
        let ready = try phase("preflight") { try RestoreReadiness(for: self, selection, stop) }
        guard !options.isScratchCluster else { return try carryOut(ready, stop, examine) }
        do {
            return try carryOut(ready, stop, examine)
        } catch {
            throw UnfinishedRestore(
                database: ready.inspection.database,
                isShared: !ready.inspection.occupants.isEmpty || !ready.standing.occupied.isEmpty,
                wasInterrupted: stop.isRequested
            ).explained(error)
        }
    }

    private func carryOut(
        _ ready: RestoreReadiness,
        _ stop: Stop,
        _ examine: (_ reader: ConnectionSettings, _ missing: Set<ObjectIdentity>) throws -> Void
    ) throws -> RestoreOutcome {
        var ready = ready
        let order = RestoreOrder(ready.catalog, dropsMissingPublic: ready.selection.isEverything)
        try order.requirePlain()
        let unfilled = options.isScratchCluster ? ForeignViews(ready.catalog).identities : []
        var plan = StepPlan(order, options, ready.inspection, unfilled: unfilled)
        var uncertain = ready.uncertain.map { UncertainSteps(from: &plan, uncertain: $0) }
        progress.expect(bytes: ready.tables.reduce(0) { $0 + $1.textBytes })

        let archives = ArchiveCopies([repository] + copies, of: manifest, identities: identities)
        var outcome = RestoreOutcome(notApplied: ready.omissions + plan.omissions, unfilled: unfilled)
        outcome.deviations = plan.compression.deviations
        outcome.refused.settings = plan.compression.leftOut
        if uncertain != nil { try attempt(UncertainSteps.plain(plan.roles.now), &outcome, stop) }
        // Only what was never made has no rows to prove: a right that was refused later takes none away.
        var unmade: Set<ObjectIdentity> = []
        try withLoader(
            ready,
            plan,
            makesRoles: uncertain == nil,
            stop,
            { try examine($0, unmade) }
        ) { builder, loader in
            try define(&plan, &ready, builder, &outcome, stop)
            unmade = outcome.refused.definitions
            uncertain?.leaveOut(outcome.refused.definitions)
            if let loader { try loader.role.admit(to: ready.extensionTables, on: loader.superuser) }
            try loadSequences(ready, stop)
            let made = try RestoreSession.openForDefinitions(target, stop: stop)
            let (calling, rooted) = (try CallingTables(made), try RootedTables(made))
            let filling = filling(builder, ready, calling, rooted, from: archives, isCautious: uncertain != nil)
            outcome.note(try filling.run(fillingPlan(plan, ready, calling, rooted), stop: stop))
            outcome.derived = calling.notices(of: ready.tables)
            try phase("privileges") {
                outcome.note(try builder.buildInOrder(plan.privileges, stop: stop))
                guard let uncertain else { return }
                try attempt(uncertain.steps, &outcome, stop)
                try bequeathLargeObjects(ready, &outcome, stop)
            }
            if let loader { try loader.role.admit(on: loader.superuser) }
            try phase("refresh") { try refresh(plan.refresh, builder, &outcome, stop) }
        }
        try attempt(plan.labels.early, &outcome, stop)
        let last = SchemaBuilder(target: target, workers: 1, loader: nil, progress: progress)
        outcome.note(try last.buildInOrder(plan.last, stop: stop))
        try attempt(plan.labels.late, &outcome, stop)
        outcome.count(ready.tables)
        outcome.notices = archives.notices
        outcome.damaged = archives.damaged
        outcome.phases = phases.recorded
        return outcome
    }

    /// Fills materialized views, and puts those that cannot be filled into the ledger.
    private func refresh(
        _ steps: [RestoreStep],
        _ builder: SchemaBuilder,
        _ outcome: inout RestoreOutcome,
        _ stop: Stop
    ) throws {
        let result = try builder.refresh(steps, stop: stop)
        outcome.statements += result.statements
        for (view, reason) in result.refused.sorted(by: { $0.key < $1.key }) {
            outcome.refused.contents.insert(view)
            outcome.notApplied.append(Omission(object: "contents of \(view)", reason: reason))
        }
    }

    /// Does what the target allows, and puts the rest into the ledger.
    private func attempt(_ steps: [RestoreStep], _ outcome: inout RestoreOutcome, _ stop: Stop) throws {
        guard !steps.isEmpty else { return }
        let connection = try RestoreSession.openForDefinitions(target, stop: stop)
        let result = try PermittedSteps(connection: connection).run(steps)
        outcome.statements += result.statements
        outcome.notApplied += result.omissions
        outcome.refused.labels.formUnion(result.unlabelled)
        outcome.note(result.parts)
    }

    private func phase<Result>(_ name: String, bytes: Int64? = nil, _ body: () throws -> Result) rethrows -> Result {
        progress.begin(name)
        return try phases.measure(name, bytes: bytes, body)
    }

    private func bequeathLargeObjects(_ ready: RestoreReadiness, _ outcome: inout RestoreOutcome, _ stop: Stop) throws {
        guard ready.selection.isEverything, let data = manifest.largeObjects, !data.objects.isEmpty else { return }
        let connection = try RestoreSession.openForDefinitions(target, stop: stop)
        outcome.notApplied += try PermittedSteps(connection: connection).run(data.objects, options).omissions
    }

    /// Makes what rows need, and expects nothing more of what the target refused to make.
    private func define(
        _ plan: inout StepPlan,
        _ ready: inout RestoreReadiness,
        _ builder: SchemaBuilder,
        _ outcome: inout RestoreOutcome,
        _ stop: Stop
    ) throws {
        outcome.note(try phase("definitions") { try Defining(builder: builder, stop: stop).run(plan.preData) })
        let missing = outcome.refused.definitions
        let filled = ready.tables.filter { $0.proof.rows > 0 }.map(\.identity)
        outcome.refused.rows.formUnion(filled.filter(missing.contains))
        plan.leaveOut(missing)
        ready.leaveOut(missing)
    }

    private func loadSequences(_ ready: RestoreReadiness, _ stop: Stop) throws {
        guard !ready.sequences.isEmpty else { return }
        let connection = try RestoreSession.openForDefinitions(target, stop: stop)
        try SequenceLoader(connection: connection).load(ready.sequences)
    }

    /// Statistics are gathered here too, while no owner is a superuser: the functions of indexes run as the owner.
    private func filling(
        _ builder: SchemaBuilder,
        _ ready: RestoreReadiness,
        _ calling: CallingTables,
        _ rooted: RootedTables,
        from archives: ArchiveCopies,
        isCautious: Bool
    ) -> Filling {
        var options = options
        if isCautious {
            options.appliesOwners = false
            options.appliesPrivileges = false
        }
        return Filling(
            archives: archives,
            manifest: manifest,
            standing: ready.standing.names,
            builder: builder,
            calling: calling,
            rooted: rooted,
            progress: progress,
            phases: phases,
            options: options
        )
    }

    private func fillingPlan(
        _ plan: StepPlan,
        _ ready: RestoreReadiness,
        _ calling: CallingTables,
        _ rooted: RootedTables
    ) -> FillingPlan {
        var callers: Set<ObjectIdentity> = []
        for object in ready.catalog.objects {
            let needed = object.stages.filter { $0.section == .postData }.flatMap(\.dependencies).map(\.object.kind)
            if needed.contains(where: { ![.table, .schema, .index, .constraint].contains($0) }) {
                callers.insert(object.identity)
            }
        }
        // What an extension has made is none of them: it may have put rows in.
        let made = ready.catalog.made(.table)
        return FillingPlan(
            ready.tables,
            largeObjects: ready.selection.isEverything ? manifest.largeObjects : nil,
            steps: plan.postData,
            calling: { callers.contains($0) },
            isNew: { made.contains($0) },
            isLate: { calling.contains($0) || rooted.contains($0) }
        )
    }

    /// Creates the roles, and the loader where there is to be one; gives the roles their full power afterwards.
    private func withLoader(
        _ ready: RestoreReadiness,
        _ plan: StepPlan,
        makesRoles: Bool,
        _ stop: Stop,
        _ examine: (_ reader: ConnectionSettings) throws -> Void,
        _ body: (_ builder: SchemaBuilder, _ loader: (role: LoaderRole, superuser: Connection)?) throws -> Void
    ) throws {
        let plain = SchemaBuilder(target: target, workers: options.workers, loader: nil, progress: progress)
        if makesRoles { _ = try plain.runInOrder(plan.roles.now, stop: stop) }
        guard options.isScratchCluster else { return try body(plain, nil) }
        let connection = try RestoreSession.openForDefinitions(target, stop: stop)
        let owners = ready.catalog.objects(of: .role).map(\.identity.name)
        let loader = try LoaderRole.create(memberOf: owners, on: connection)
        let asLoader = try target.with("user", loader.name)
        try body(
            SchemaBuilder(target: target, workers: options.workers, loader: asLoader, progress: progress),
            (loader, connection)
        )
        try loader.dismiss(from: ready.extensionTables, on: connection)
        try loader.allowReading(on: connection)
        try examine(asLoader)
        try loader.remove(from: connection)
        _ = try plain.runInOrder(plan.roles.later, stop: stop)
    }
}
