import Catalog
import Model

/// Decides what a restore does about roles: they belong to the server, not to the database.
struct RoleSteps {
    /// What to run now, and what to run after everything is loaded.
    private(set) var now: [RestoreStep] = []
    private(set) var later: [RestoreStep] = []
    private(set) var omissions: [Omission] = []

    init(_ steps: ArraySlice<RestoreStep>, _ options: RestoreOptions, existing: Set<Spelling>) {
        for step in steps {
            if options.isScratchCluster {
                split(step)
            } else if !options.createsRoles {
                if !existing.contains(Spelling(step.object.name)), step.action == .create {
                    omit(step, "it is missing on the target, and roles were not to be created")
                }
            } else if existing.contains(Spelling(step.object.name)) {
                if step.action == .create { omit(step, "the target has a role of that name, which stays as it is") }
            } else {
                now.append(step)
            }
        }
    }

    /// On a scratch cluster: superuser and the server's own roles only when nothing of the source's can run any more.
    private mutating func split(_ step: RestoreStep) {
        var early = step
        var late = step
        early.statements = step.statements.filter { !Self.isPowerful($0) }.map(Self.withoutSuperuser)
        late.statements = step.statements.filter { Self.isPowerful($0) || Self.withoutSuperuser($0) != $0 }
        if !early.statements.isEmpty { now.append(early) }
        if !late.statements.isEmpty { later.append(late) }
    }

    private mutating func omit(_ step: RestoreStep, _ reason: String) {
        guard omissions.last?.object != step.object.description else { return }
        omissions.append(Omission(object: step.object.description, reason: reason))
    }

    /// Membership in one of the server's own roles, such as `pg_execute_server_program`.
    ///
    /// Also where the grant stands inside a DO statement, because somebody else made it.
    private static func isPowerful(_ statement: String) -> Bool { statement.contains("GRANT \"pg_") }

    private static func withoutSuperuser(_ statement: String) -> String {
        guard let words = statement.firstRange(of: "\" WITH SUPERUSER ") else { return statement }
        return statement.replacingCharacters(in: words, with: "\" WITH NOSUPERUSER ")
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
