import Diagnostics
import Model
import PostgresClient
import Synchronization

/// Who has waited for the locks of one export, and for how long; any thread.
final class LockWaits: Sendable {
    /// Shorter waits are nobody's trouble.
    private static let noteworthy = Duration.seconds(1)

    private let limit: Duration?
    private let longest = Mutex<[Int: LockWaiter]>([:])

    /// `limit` is how long anybody may wait, nil for ever.
    init(limit: Duration?) { self.limit = limit }

    /// Takes what a look has found; throws `database-lock-yielded` when somebody has waited for too long.
    func add(_ waiters: [LockWaiter]) throws {
        longest.withLock { longest in
            for waiter in waiters where waiter.waited > (longest[waiter.process]?.waited ?? .zero) {
                longest[waiter.process] = waiter
            }
        }
        guard let limit, let waiter = waiters.first(where: { $0.waited >= limit }) else { return }
        throw Self.giveWay(to: waiter, limit)
    }

    /// Who waited, a sentence each.
    var notices: [String] {
        longest.withLock { Array($0.values) }.filter { $0.waited >= Self.noteworthy }.sorted { $0.process < $1.process }
            .map {
                "\($0.description) waited at least \($0.waited.inWords) for table '\($0.table)', which this export was reading"
            }
    }

    private static func giveWay(to waiter: LockWaiter, _ limit: Duration) -> Diagnostic {
        Diagnostic(
            .databaseLockYielded,
            "the backup gave way to a session that waited for table '\(waiter.table)'",
            cause: "\(waiter.description) waited \(waiter.waited.inWords) for an ACCESS EXCLUSIVE lock;"
                + " the limit is \(limit.inWords)",
            hint: "Start the backup again when the migration is over, or let it wait longer with maxLockWait.",
            retry: .later
        )
    }
}

/// A session that waits for a table, as one look found it.
struct LockWaiter: Sendable, CustomStringConvertible {
    let process: Int
    let table: String
    let waited: Duration
    private let role: String?
    private let application: String?

    init?(_ row: Row) {
        guard let process = row[0].flatMap(Int.init) else { return nil }
        self.process = process
        role = row[1]
        application = row[2]
        table = "\(row[3] ?? "").\(row[4] ?? "")"
        waited = .milliseconds(row[5].flatMap(Int64.init) ?? 0)
    }

    var description: String {
        let who = [role.map { "role '\($0)'" }, application.flatMap { $0.isEmpty ? nil : "application '\($0)'" }]
            .compactMap(\.self).joined(separator: ", ")
        return redacted("process \(process)" + (who.isEmpty ? "" : " (\(who))"))
    }
}
