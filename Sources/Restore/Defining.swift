import Catalog
import Diagnostics
import PostgresClient
import Streams
import Synchronization

/// Makes what rows need: schemas, types, functions, tables.
///
/// A table that the target refuses is left out, with what then finds something missing, and the rest goes on: what a
/// generated column calls may look for a table without its schema, and every other table is worth having. Any other refusal
/// ends the restore, for it would take most tables along.
struct Defining {
    let builder: SchemaBuilder
    let stop: Stop

    /// Carries out `steps`, which are in an order that works, as parallel as they allow.
    ///
    /// What was refused is tried again when all else is there: a function may look for a table that is made only later.
    func run(_ steps: [RestoreStep]) throws -> BuiltParts {
        let waves = DefinitionWaves(
            steps,
            batch: SchemaBuilder.batch,
            fewest: builder.workers > 1 ? 2 * SchemaBuilder.batch : .max
        )
        var made = Definitions()
        try define(waves.first, &made)
        made.add(try builder.defineAtOnce(waves.tables, stop: stop))
        try define(waves.last, &made)
        while !made.refused.isEmpty {
            let before = made.refused
            made.refused = []
            for (step, _) in before { try side(of: step).define([step], &made, mayLack: true, stop: stop) }
            if made.refused.count == before.count { break }
        }
        return made.parts
    }

    private func define(_ steps: [RestoreStep], _ made: inout Definitions) throws {
        guard builder.loader != nil else { return try builder.define(steps, &made, stop: stop) }
        for part in DefinitionParts(steps).parts where !part.steps.isEmpty {
            try side(of: part.steps[0]).define(part.steps, &made, stop: stop)
        }
    }

    /// Who carries out a step: we, or the loader, where there is one.
    private func side(of step: RestoreStep) -> SchemaBuilder {
        guard let loader = builder.loader, LoaderRole.runs(step) else { return builder }
        return SchemaBuilder(target: loader, workers: 1, loader: nil, progress: builder.progress)
    }
}

/// What was made, and what was refused of it so far, in order.
private struct Definitions {
    var statements = 0
    var refused: [(step: RestoreStep, reason: String)] = []

    mutating func add(_ other: Definitions) {
        statements += other.statements
        refused += other.refused
    }

    /// A table that is there and lacks something, such as its place under another one, still takes its rows.
    var parts: BuiltParts {
        refused.reduce(into: BuiltParts(statements: statements)) { parts, refusal in
            let makes = refusal.step.makesItsObject
            let reason = [refusal.step.object: refusal.reason]
            parts.add(makes ? BuiltParts(refused: reason) : BuiltParts(incomplete: reason))
        }
    }
}

extension SchemaBuilder {
    /// Runs `batches` of tables, none of which needs another, on as many connections as there are workers.
    fileprivate func defineAtOnce(_ batches: [[RestoreStep]], stop: Stop) throws -> Definitions {
        guard !batches.isEmpty else { return Definitions() }
        let made = Mutex(Definitions())
        let target = target
        try runWorkers(
            batches,
            workerCount: max(1, min(workers, batches.count)),
            stop: stop,
            makeWorker: { _ in try RestoreSession.openForDefinitions(target, stop: stop) },
            body: { connection, batch in
                var done = Definitions()
                try define(batch, &done, mayLack: false, on: connection)
                made.withLock { $0.add(done) }
            },
            finishWorker: { _ in }
        )
        return made.withLock { $0 }
    }

    /// Runs `steps` in their order on one connection.
    ///
    /// `mayLack` says that they may lack something that was refused, as they may after a refusal anyway.
    fileprivate func define(
        _ steps: [RestoreStep],
        _ made: inout Definitions,
        mayLack: Bool = false,
        stop: Stop
    ) throws {
        guard !steps.isEmpty else { return }
        let connection = try RestoreSession.openForDefinitions(target, stop: stop)
        for start in stride(from: 0, to: steps.count, by: Self.batch) {
            let batch = Array(steps[start..<min(start + Self.batch, steps.count)])
            try define(batch, &made, mayLack: mayLack, on: connection)
        }
    }

    private func define(
        _ steps: [RestoreStep],
        _ made: inout Definitions,
        mayLack: Bool,
        on connection: Connection
    ) throws {
        do {
            made.statements += try run(steps, on: connection)
        } catch let error as Diagnostic where Self.isRefusal(error) {
            guard steps.count == 1 else {
                for step in steps { try define([step], &made, mayLack: mayLack, on: connection) }
                return
            }
            guard error.leavesOut(steps[0], mayLack: mayLack || !made.refused.isEmpty) else { throw error }
            made.refused.append((steps[0], (error.cause ?? error.summary).onOneLine))
        }
    }
}

extension Diagnostic {
    /// What a statement ends with that finds no table, column, function or other object.
    private static let missing: Set<String> = ["42P01", "42703", "42883", "42704"]
    /// The server cannot do this at all, which may be the fault of the machine.
    private static let notSupported = "0A000"

    /// Whether a refusal concerns one table, or what lacks one that was refused before.
    fileprivate func leavesOut(_ step: RestoreStep, mayLack: Bool) -> Bool {
        guard let state = context["sqlstate"], state != Self.notSupported else { return false }
        let isTable = step.object.kind == .table && (step.action == .create || step.action == .attach)
        return isTable || mayLack && Self.missing.contains(state)
    }
}

extension RestoreStep {
    /// Whether its object is not there before it: all else is done to one that is.
    ///
    /// An identity column makes its sequence.
    fileprivate var makesItsObject: Bool {
        guard let first = statements.first else { return false }
        return first.hasPrefix("CREATE ") || (object.kind == .sequence && first.contains(" ADD GENERATED "))
    }
}

extension [RestoreStep] {
    /// The steps in their places, without what they say of `objects`, or of what lives on one of these.
    func leavingOut(_ objects: Set<ObjectIdentity>) -> [RestoreStep] {
        guard !objects.isEmpty else { return self }
        return map { step in
            guard objects.contains(step.object) || step.object.tableItLivesOn.map(objects.contains) == true else {
                return step
            }
            var step = step
            step.statements = []
            return step
        }
    }
}
