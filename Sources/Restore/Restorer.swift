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
    /// may read everything and do nothing: what it asks may run the source's code.
    package func run(
        stop: Stop,
        examine: (_ reader: ConnectionSettings) throws -> Void = { _ in }
    ) throws -> RestoreOutcome {
        let inspection = try phase("preflight") { try preflight(stop) }
        let part = SelectionClosure(catalog, options.selection)
        let places = try TablespacePlan(part.catalog, options, inspection)
        let order = RestoreOrder(places.catalog, dropsMissingPublic: options.selection.isEverything)
        let plan = StepPlan(order, options, inspection)
        let tables = manifest.tables.filter(options.selection.includes)
        progress.expect(bytes: tables.reduce(0) { $0 + $1.textBytes })

        let archives = ArchiveCopies([repository] + copies, of: manifest, identities: identities)
        var outcome = RestoreOutcome(notApplied: part.omissions + places.omissions + plan.omissions)
        try withLoader(part.catalog, plan, stop, examine) { builder, admit in
            outcome.statements += try phase("definitions") { try define(plan.preData, builder, stop) }
            try loadSequences(of: part.catalog, stop)
            outcome.statements += try filling(builder, from: archives)
                .run(fillingPlan(tables, plan, part.catalog), stop: stop)
            outcome.statements += try phase("privileges") { try builder.runInOrder(plan.privileges, stop: stop) }
            try admit()
            outcome.statements += try phase("refresh") { try builder.runInParallel(plan.refresh, stop: stop) }
        }
        outcome.statements += try SchemaBuilder(target: target, workers: 1, loader: nil, progress: progress)
            .runInOrder(plan.last, stop: stop)
        outcome.tables = tables.count
        outcome.rows = tables.reduce(0) { $0 + $1.proof.rows }
        outcome.textBytes = tables.reduce(0) { $0 + $1.textBytes }
        outcome.notices = archives.notices
        outcome.phases = phases.recorded
        return outcome
    }

    private func phase<Result>(_ name: String, bytes: Int64? = nil, _ body: () throws -> Result) rethrows -> Result {
        progress.begin(name)
        return try phases.measure(name, bytes: bytes, body)
    }

    private func preflight(_ stop: Stop) throws -> TargetInspection {
        let connection = try RestoreSession.openForDefinitions(target, stop: stop)
        let inspection = try TargetInspection(connection)
        try inspection.requireEmpty(allowing: options.confirmedName)
        try inspection.requireFit(for: manifest, catalog)
        return inspection
    }

    private func define(_ steps: [RestoreStep], _ builder: SchemaBuilder, _ stop: Stop) throws -> Int {
        guard let loader = builder.loader else { return try builder.runInOrder(steps, stop: stop) }
        let loading = SchemaBuilder(target: loader, workers: 1, loader: nil, progress: progress)
        return try DefinitionParts(steps).parts.reduce(0) { count, part in
            try count + (part.isLoaders ? loading : builder).runInOrder(part.steps, stop: stop)
        }
    }

    /// A table's sequences came along with its definition; at their start they would give out its keys a second time.
    private func loadSequences(of catalog: DatabaseCatalog, _ stop: Stop) throws {
        let made = Set(catalog.objects(of: .sequence).map(\.identity))
        let states = manifest.sequences.filter { state in
            options.selection.isEverything
                || made.contains(ObjectIdentity(.sequence, schema: state.schema, name: state.name))
        }
        guard !states.isEmpty else { return }
        let connection = try RestoreSession.openForDefinitions(target, stop: stop)
        try SequenceLoader(connection: connection).load(states)
    }

    /// Statistics are gathered here too, while no owner is a superuser: the functions of indexes run as the owner.
    private func filling(_ builder: SchemaBuilder, from archives: ArchiveCopies) -> Filling {
        Filling(
            archives: archives,
            manifest: manifest,
            builder: builder,
            progress: progress,
            phases: phases,
            options: options
        )
    }

    private func fillingPlan(_ tables: [TableData], _ plan: StepPlan, _ catalog: DatabaseCatalog) -> FillingPlan {
        var callers: Set<ObjectIdentity> = []
        for object in catalog.objects {
            let needed = object.stages.filter { $0.section == .postData }.flatMap(\.dependencies).map(\.object.kind)
            if needed.contains(where: { ![.table, .schema, .index, .constraint].contains($0) }) {
                callers.insert(object.identity)
            }
        }
        // What an extension has made is none of them: it may have put rows in.
        let made = Set(catalog.objects(of: .table).map(\.identity))
        return FillingPlan(
            tables,
            largeObjects: options.selection.isEverything ? manifest.largeObjects : nil,
            steps: plan.postData,
            calling: { callers.contains($0) },
            isNew: { made.contains($0) }
        )
    }

    /// Creates the roles, and the loader where there is to be one; gives the roles their full power afterwards.
    private func withLoader(
        _ catalog: DatabaseCatalog,
        _ plan: StepPlan,
        _ stop: Stop,
        _ examine: (_ reader: ConnectionSettings) throws -> Void,
        _ body: (_ builder: SchemaBuilder, _ admit: () throws -> Void) throws -> Void
    ) throws {
        let plain = SchemaBuilder(target: target, workers: options.workers, loader: nil, progress: progress)
        _ = try plain.runInOrder(plan.roles.now, stop: stop)
        guard options.isScratchCluster else { return try body(plain) {} }
        let connection = try RestoreSession.openForDefinitions(target, stop: stop)
        let owners = catalog.objects(of: .role).map(\.identity.name)
        let loader = try LoaderRole.create(memberOf: owners, on: connection)
        let asLoader = try target.with("user", loader.name)
        try body(
            SchemaBuilder(target: target, workers: options.workers, loader: asLoader, progress: progress)
        ) { try loader.admit(on: connection) }
        try loader.allowReading(on: connection)
        try examine(asLoader)
        try loader.remove(from: connection)
        _ = try plain.runInOrder(plan.roles.later, stop: stop)
    }
}
