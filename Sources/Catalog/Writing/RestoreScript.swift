import Diagnostics

/// The steps of a restore as SQL text that `psql` runs by hand.
///
/// A name never stands in a comment, a statement that would mean something to `psql` itself is refused, and what looks
/// like one of its variables is written so that it does not, so that a hostile name or a hostile server cannot make the text run anything on the machine of whoever restores.
package struct RestoreScript {
    private let order: RestoreOrder

    /// Creates the text of an order of steps.
    package init(_ order: RestoreOrder) { self.order = order }

    /// What the session of a restore is set to, one statement each.
    package static let sessionSettings: [String] = [
        "SET statement_timeout = 0", "SET lock_timeout = 0", "SET idle_in_transaction_session_timeout = 0",
        "SET client_encoding = 'UTF8'", "SET standard_conforming_strings = on",
        "SELECT pg_catalog.set_config('search_path', '', false)", "SET check_function_bodies = false",
        "SET xmloption = content", "SET client_min_messages = warning", "SET row_security = off",
        "SET default_tablespace = ''", "SET default_table_access_method = heap",
    ]

    /// The text of some sections.
    ///
    /// Throws `unsupportedObject` when a statement could escape from itself.
    package func sql(_ sections: [RestoreSection]) throws -> String {
        var text = ""
        try write(sections) { text += $0 }
        return text
    }

    /// Hands the text of some sections over statement by statement; throws like `sql(_:)`.
    func write(_ sections: [RestoreSection], to sink: (String) -> Void) throws {
        sink(Self.opening)
        for section in sections {
            sink("-- \(section.rawValue)\n\n")
            for step in order.steps[order.steps(in: section)] {
                for statement in step.statements {
                    let text = step.action == .label ? doStatement(Self.tolerant(statement)) : statement
                    sink(try Self.inert(text, of: step))
                    sink(Self.end)
                }
            }
        }
    }

    /// The text that creates the roles that are missing and leaves the others exactly as they are: a server that serves
    /// other databases too must not lose a superuser, a password's validity or a limit because one of them was restored.
    ///
    /// Throws `unsupportedObject` like `sql(_:)`.
    package func missingRolesSQL() throws -> String {
        var text = Self.opening + "CREATE TEMPORARY TABLE made_role (name text);\n\n"
        // The first step of a role creates it, what follows (memberships, the comment) concerns it only if that was we.
        var begun: Set<String> = []
        for step in order.steps[order.steps(in: .roles)] {
            let name = literal(step.object.name)
            let isFirst = begun.insert(step.object.name).inserted
            let condition =
                isFirst
                ? "NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = \(name))"
                : "EXISTS (SELECT FROM pg_temp.made_role WHERE name = \(name))"
            let actions = step.statements + (isFirst ? ["INSERT INTO pg_temp.made_role VALUES (\(name))"] : [])
            let body = actions.map { action in
                step.action == .label ? Self.tolerant(action) + ";\n" : "    EXECUTE \(literal(action));\n"
            }.joined()
            text += try Self.inert(doStatement("BEGIN\n  IF \(condition) THEN\n\(body)  END IF;\nEND"), of: step)
            text += Self.end
        }
        return text
    }

    /// A label, or a warning where the server does not have the module that it is for.
    private static func tolerant(_ label: String) -> String {
        "BEGIN\n  EXECUTE \(literal(label));\nEXCEPTION WHEN OTHERS THEN\n  RAISE WARNING '%', SQLERRM;\nEND"
    }

    private static var opening: String { sessionSettings.map { $0 + ";\n" }.joined() + "\n" }

    private static let end = ";\n\n"

    /// The statement as `psql` may see it, without the semicolon.
    private static func inert(_ statement: String, of step: RestoreStep) throws -> String {
        guard step.object.isPlain(statement), let text = StatementText.withoutVariables(statement) else {
            throw ObjectIdentity.notPlain(step.object)
        }
        return text
    }
}

extension RestoreOrder {
    /// Throws `unsupported-object` where a statement could do more than it says: a point's signature tells who took it, and
    /// nothing of what the objects in the database were called.
    package func requirePlain() throws {
        for step in steps where !step.statements.allSatisfy(step.object.isPlain) {
            throw ObjectIdentity.notPlain(step.object)
        }
    }
}

extension ObjectIdentity {
    /// Whether a statement of this object's definition is closed in itself and one statement; only the body of a function
    /// in SQL's own words may hold several.
    func isPlain(_ statement: String) -> Bool {
        let hasBody = (kind == .function || kind == .procedure) && statement.hasPrefix("CREATE OR REPLACE ")
        return StatementText.isSingle(statement, mayHaveBody: hasBody)
    }

    static func notPlain(_ object: ObjectIdentity) -> Diagnostic {
        Diagnostic(
            .unsupportedObject,
            "the definition of '\(object)' is not a plain SQL statement",
            cause: "it has an open quote, a backslash outside quotes, or a second statement in it",
            hint: "look at the object's definition on the source, and exclude it if it is hostile."
        )
    }
}
