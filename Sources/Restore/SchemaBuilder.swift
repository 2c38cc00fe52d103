import Catalog
import Diagnostics
import Model
import PostgresClient
import Streams
import Synchronization

/// Carries out definitions: one after the other where order matters, in parallel by dependency where it does not.
struct SchemaBuilder: Sendable {
    let target: ConnectionSettings
    let workers: Int
    /// How to connect where the source's code may run; nil to stay who we are.
    let loader: ConnectionSettings?
    let progress: RestoreProgress

    /// How many steps one transaction holds, and one message to the server: each created table keeps a lock until the
    /// end of it.
    static let batch = 100

    /// Runs `steps` in their order on one connection and returns the number of statements.
    func runInOrder(_ steps: [RestoreStep], stop: Stop) throws -> Int {
        guard !steps.isEmpty else { return 0 }
        let connection = try RestoreSession.openForDefinitions(target, stop: stop)
        var count = 0
        for start in stride(from: 0, to: steps.count, by: Self.batch) {
            count += try run(Array(steps[start..<min(start + Self.batch, steps.count)]), on: connection)
        }
        return count
    }

    /// Runs steps in a transaction of their own and returns the number of statements.
    ///
    /// They travel in one message. When it is refused, they are done again one by one, so that the error names the one.
    func run(_ steps: [RestoreStep], on connection: Connection) throws -> Int {
        let statements = steps.flatMap(\.statements)
        guard !statements.isEmpty else { return 0 }
        do {
            // On a line of its own: nothing in front of it can make it part of a comment.
            try connection.execute("BEGIN\n;" + statements.joined(separator: "\n;") + "\n;COMMIT")
        } catch let error as PostgresError {
            connection.rollBack()
            guard statements.count > 1, !error.isConnectionLost, !error.isCancelled else {
                throw explained(error, steps[0], statements[0])
            }
            try connection.withTransaction {
                for step in steps { try runAlone(step, on: connection) }
            }
        }
        return statements.count
    }

    private func runAlone(_ step: RestoreStep, on connection: Connection) throws {
        for statement in step.statements {
            do {
                try connection.execute(statement)
            } catch let error as PostgresError {
                throw explained(error, step, statement)
            }
        }
    }

    private func explained(_ error: PostgresError, _ step: RestoreStep, _ statement: String) -> Diagnostic {
        guard !error.isConnectionLost, !error.isCancelled else {
            return error.diagnostic(while: "cannot create \(step.object)")
        }
        var failure = error.diagnostic(while: "the target refused the definition of \(step.object)")
        if failure.code != .databasePermission {
            let isExtension = step.object.kind == .extension && step.action == .create
            failure.code = isExtension ? .extensionUnavailable : .restoreStatement
        }
        failure.context["statement"] = redacted(statement)
        return failure
    }

    /// How many statements filled materialized views, and why some could not be filled.
    struct Refreshed {
        var statements = 0
        var refused: [ObjectIdentity: String] = [:]
    }

    /// Fills materialized views by `steps`, whose `after` are positions in the same list, as parallel as they allow.
    ///
    /// A view's query runs anew, and may fail for what no restore can help: its owner has lost a right since, or the server
    /// behind a foreign table is gone. Every row and definition is there by then, so the view stays empty and the rest
    /// goes on.
    func refresh(_ steps: [RestoreStep], stop: Stop) throws -> Refreshed {
        guard !steps.isEmpty else { return Refreshed() }
        let queue = DependencyQueue(jobs(for: steps))
        let result = Mutex(Refreshed())
        stop.whenRequested { queue.close() }
        let workerCount = max(1, min(workers, steps.count))
        try runWorkers(
            Array(0..<workerCount),
            workerCount: workerCount,
            stop: stop,
            makeWorker: { _ in
                do {
                    return try BuilderSeat(target, loader: loader, isForQueries: true, stop: stop)
                } catch {
                    queue.close()
                    throw error
                }
            },
            body: { seat, _ in
                while let place = queue.take() {
                    do {
                        let connection = try seat.connection(for: steps[place])
                        do {
                            let done = try patiently { try run([steps[place]], on: connection) }
                            result.withLock { $0.statements += done }
                        } catch let error as Diagnostic where Self.isObjectsOwn(error) {
                            let reason = (error.cause ?? error.summary).onOneLine
                            result.withLock { $0.refused[steps[place].object] = reason }
                        }
                        queue.finish(place)
                    } catch {
                        queue.close()
                        throw error
                    }
                }
            },
            finishWorker: { _ in }
        )
        guard queue.unfinished == 0 else {
            throw Diagnostic(.internalError, "\(queue.unfinished) definitions wait for each other in a circle")
        }
        return result.withLock { $0 }
    }

    /// Whether a refusal is about the object and not about the server's resources, an operator, or a mistake inside it.
    static func isObjectsOwn(_ error: Diagnostic) -> Bool {
        guard [.restoreStatement, .databasePermission].contains(error.code), let state = error.context["sqlstate"]
        else {
            return false
        }
        return !["40", "53", "57", "58", "XX"].contains { state.hasPrefix($0) }
    }

    private func jobs(for steps: [RestoreStep]) -> [DependencyQueue.Job] {
        var numbers: [ObjectIdentity: Int] = [:]
        return steps.map { step in
            let resources = step.locks.map { lock in
                if let known = numbers[lock.table] { return known }
                numbers[lock.table] = numbers.count
                return numbers.count - 1
            }
            return DependencyQueue.Job(
                prerequisites: step.after,
                resources: Set(resources),
                sharesResources: step.locks.allSatisfy { !$0.isExclusive },
                weight: step.object.kind == .index ? 2 : step.object.kind == .constraint ? 3 : 1
            )
        }
    }
}

/// The sessions of one thread that builds: ours, and the loader's once a step needs it.
final class BuilderSeat {
    let plain: Connection
    private let loader: ConnectionSettings?
    private let open: (ConnectionSettings) throws -> Connection
    private var loading: Connection?

    init(
        _ target: ConnectionSettings,
        loader: ConnectionSettings?,
        sortingKilobytes: Int = 0,
        isForQueries: Bool = false,
        stop: Stop
    ) throws {
        open = { target in
            let connection =
                try isForQueries
                ? RestoreSession.openForQueries(target, stop: stop)
                : RestoreSession.openForDefinitions(target, stop: stop)
            try RestoreSession.allowSorting(kilobytes: sortingKilobytes, on: connection)
            return connection
        }
        plain = try open(target)
        self.loader = loader
    }

    func connection(for step: RestoreStep) throws -> Connection {
        guard let loader, LoaderRole.runs(step) else { return plain }
        if let loading { return loading }
        let connection = try open(loader)
        loading = connection
        return connection
    }
}
