import Catalog
import Diagnostics
import Model
import PostgresClient

/// Carries out steps as far as the server allows them.
struct PermittedSteps {
    let connection: Connection
    private static let batch = 100

    /// What was done, and what was refused with the server's words.
    struct Result {
        var statements = 0
        var omissions: [Omission] = []
        /// What was refused, but not for want of a right.
        var parts = BuiltParts()
        /// The objects of which security labels were refused.
        var unlabelled: Set<ObjectIdentity> = []
    }

    /// Runs the steps in their order, and passes over what is refused: every row is there by then.
    ///
    /// What is refused for want of a right, or of a role, and any refusal of a security label, is less than what is refused
    /// for another reason: the restore is complete all the same.
    func run(_ steps: [RestoreStep]) throws -> Result {
        var result = Result()
        var refusals = Refusals()
        // Whatever else is said of them would be refused for that alone.
        var unmade: Set<ObjectIdentity> = []
        for start in stride(from: 0, to: steps.count, by: Self.batch) {
            try connection.withTransaction("BEGIN") {
                for step in steps[start..<min(start + Self.batch, steps.count)] where !unmade.contains(step.object) {
                    for group in Self.groups(step.statements) {
                        let isLabel = step.action == .label
                        let outcome = try attempt(Refusals.name(step), ofLabel: isLabel) {
                            for statement in group { try connection.execute(statement) }
                        }
                        switch outcome {
                        case .done:
                            result.statements += group.count
                            continue
                        case .forbidden(let reason):
                            refusals.add(reason, step.action, Refusals.name(step))
                            if isLabel { result.unlabelled.insert(step.object) }
                        case .impossible(let reason): result.parts.add(step.refused(group, reason))
                        }
                        if group[0].hasPrefix("CREATE ") { unmade.insert(step.object) }
                    }
                }
            }
        }
        result.omissions = refusals.omissions
        return result
    }

    /// Gives large objects, which are there already, to their owners with their privileges.
    func run(_ objects: [LargeObjectFacts], _ options: RestoreOptions) throws -> Result {
        var refusals = Refusals()
        for start in stride(from: 0, to: objects.count, by: Self.batch) {
            try connection.withTransaction("BEGIN") {
                for object in objects[start..<min(start + Self.batch, objects.count)] {
                    let name = "owner and privileges of large object \(object.oid)"
                    let bequest = LargeObjectBequest(connection: connection, options: options)
                    switch try attempt(name, { try bequest.make(object) }) {
                    case .done: break
                    case .forbidden(let reason), .impossible(let reason): refusals.add(reason, .own, name)
                    }
                }
            }
        }
        return Result(omissions: refusals.omissions)
    }

    private enum Attempt {
        case done
        /// The role may not, or what the step is about is not there.
        case forbidden(String)
        /// The server cannot, for reasons of the step's own.
        case impossible(String)
    }

    /// Does what belongs together, or leaves no trace of it.
    private func attempt(_ name: String, ofLabel: Bool = false, _ body: () throws -> Void) throws -> Attempt {
        connection.forgetNotices()
        try connection.execute("SAVEPOINT lifeboat")
        do {
            try body()
            try connection.execute("RELEASE SAVEPOINT lifeboat")
        } catch let error as PostgresError {
            let failure = error.ofStatement(while: "the target refused \(name)")
            let isForbidden = Self.isPassedOver(error, ofLabel)
            guard isForbidden || SchemaBuilder.isObjectsOwn(failure) else { throw failure }
            try connection.execute("ROLLBACK TO SAVEPOINT lifeboat; RELEASE SAVEPOINT lifeboat")
            let reason = error.message.onOneLine
            return isForbidden ? .forbidden(reason) : .impossible(reason)
        }
        // A grant without the right to grant is no error for the server, only a warning that nothing was done (01007), or
        // not all of it; the same for what cannot be revoked (01006).
        let warning = connection.notices.first { $0.sqlState == "01007" || $0.sqlState == "01006" }
        return warning.map { .forbidden($0.text.onOneLine) } ?? .done
    }

    /// A missing right (42501) or right to pass on (0LP01), a role, language, setting or function that is not there.
    ///
    /// A module may refuse a label with any state: no row and no definition needs what it says.
    private static func isPassedOver(_ error: PostgresError, _ isLabel: Bool) -> Bool {
        guard let state = error.sqlState, !error.isConnectionLost, !error.isCancelled else { return false }
        return isLabel || ["42501", "0LP01", "42704", "42883"].contains(state)
    }

    /// `SET ROLE … RESET ROLE` is one: under another role the grant would be somebody else's.
    private static func groups(_ statements: [String]) -> [[String]] {
        var groups: [[String]] = []
        var isOpen = false
        for statement in statements {
            if isOpen { groups[groups.count - 1].append(statement) } else { groups.append([statement]) }
            if statement.hasPrefix("SET ROLE ") { isOpen = true }
            if statement == "RESET ROLE" { isOpen = false }
        }
        return groups
    }
}

/// Collects what was refused, the same words once.
private struct Refusals {
    private struct Reason: Hashable {
        var words: Spelling
        var action: RestoreStep.Action
    }

    private var order: [Reason] = []
    private var names: [Reason: [String]] = [:]

    mutating func add(_ words: String, _ action: RestoreStep.Action, _ name: String) {
        let reason = Reason(words: Spelling(words), action: action)
        if names[reason] == nil { order.append(reason) }
        if names[reason]?.last != name { names[reason, default: []].append(name) }
    }

    /// How a step is called in a ledger.
    static func name(_ step: RestoreStep) -> String {
        switch step.action {
        case .own: "owner of \(step.object)"
        case .comment: "comment on \(step.object)"
        case .grant: "privileges on \(step.object)"
        case .label: "security label of \(step.object)"
        case .create, .attach, .refresh: step.object.description
        }
    }

    var omissions: [Omission] {
        order.map { reason in
            let all = names[reason] ?? []
            let more = all.count > 3 ? " and \(all.count - 3) more" : ""
            return Omission(object: all.prefix(3).joined(separator: ", ") + more, reason: reason.words.text)
        }
    }
}
