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
    ///
    /// Until then whoever will be a superuser may read everything, for a materialized view of theirs does.
    private mutating func split(_ step: RestoreStep) {
        var early = step
        var late = step
        early.statements = []
        late.statements = []
        for statement in step.statements {
            if Self.isPowerful(statement) {
                late.statements.append(statement)
            } else if let words = RoleWords(statement), words.words.first == "SUPERUSER" {
                let role = words.role
                early.statements += [
                    "ALTER ROLE \(role) WITH NOSUPERUSER INHERIT BYPASSRLS", "GRANT pg_read_all_data TO \(role)",
                ]
                late.statements += ["REVOKE pg_read_all_data FROM \(role)", statement]
            } else {
                early.statements.append(statement)
            }
        }
        if !early.statements.isEmpty { now.append(early) }
        if !late.statements.isEmpty { later.append(late) }
    }

    private mutating func omit(_ step: RestoreStep, _ reason: String) {
        guard omissions.last?.object != step.object.description else { return }
        omissions.append(Omission(object: step.object.description, reason: reason))
    }

    /// Membership in one of the server's own roles, such as `pg_execute_server_program`.
    ///
    /// Also where the grant stands inside a DO statement, because somebody else made it. A right on a parameter can be as
    /// powerful: some of them name libraries.
    private static func isPowerful(_ statement: String) -> Bool {
        statement.contains("GRANT \"pg_") || statement.hasPrefix("GRANT ") && statement.contains(" ON PARAMETER ")
    }
}
