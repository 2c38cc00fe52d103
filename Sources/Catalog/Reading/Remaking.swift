import Diagnostics

/// The statements that make an object once more beside the one that is there, and what to look at afterwards.
///
/// None of them may run the source's code with a superuser's rights: an expression that the server works out when it is
/// told (a generated column, a partition key) is left away on both sides, nothing is made again whose condition is added
/// later, and an index is built on an empty table of a role that may do nothing, while nobody but us is a superuser.
struct Remaking {
    private let object: CatalogObject
    private let spare: String

    /// `number` tells the objects of one transaction apart.
    init(_ object: CatalogObject, number: Int) {
        self.object = object
        spare = quoted("lifeboat spare \(number)")
    }

    /// Who owns the tables on which indexes are made again: a role without any rights.
    private static let owner = quoted("lifeboat spare owner")

    /// What comes first in a transaction that makes things again, and goes with it.
    ///
    /// The server works out parts of an index's expressions while it builds one; a function among them may run as its
    /// owner, who by now is what he was on the source.
    static let preparation = [
        "CREATE ROLE \(owner)", "UPDATE pg_catalog.pg_authid SET rolsuper = false WHERE rolname <> session_user",
        "DELETE FROM pg_catalog.pg_auth_members WHERE roleid < \(ReadingContext.firstUserOID)",
    ]

    /// Whether the two could be one definition in two spellings: what would not be made again is the same in both.
    static func isCandidate(_ first: CatalogObject, _ copy: CatalogObject) -> Bool {
        let (before, after) = (first.definitionStatements, copy.definitionStatements)
        return !before.isEmpty && !after.isEmpty && before != after && first.otherStatements == copy.otherStatements
            && first.keptInPlace == copy.keptInPlace && first.workedOutLines == copy.workedOutLines
    }

    /// Nil for what nobody tells in other words.
    var statements: [String]? {
        let definition = object.remadeStatements
        switch object.identity.kind {
        case .view: return definition.filter { $0.hasPrefix("CREATE OR REPLACE VIEW") }
        case .function, .procedure: return definition
        case .rule:
            return definition.map { $0.hasPrefix("CREATE RULE") ? "CREATE OR REPLACE" + $0.dropFirst(6) : $0 }
        case .policy: return ["DROP POLICY \(object.reference)"] + definition
        case .table, .foreignTable, .materializedView, .domain, .statistics:
            // A name with a line break can hide such a line from us.
            let isWorkedOut = definition.contains {
                $0.contains(" GENERATED ALWAYS AS (") || $0.contains("\nPARTITION BY ") || $0.addsCondition
            }
            if isWorkedOut { return nil }
            return ["ALTER \(object.identity.kind.keyword) \(object.reference) RENAME TO \(spare)"] + definition
        case .index:
            return onStandIn(moving: "ALTER INDEX \(object.reference) RENAME TO", definition)
        case .constraint:
            guard let table = object.table else { return nil }
            let name = quoted(object.identity.name)
            return onStandIn(moving: "ALTER TABLE \(table) RENAME CONSTRAINT \(name) TO", definition)
        case .trigger: return onStandIn(moving: nil, definition)
        default: return nil
        }
    }

    /// On an empty table of the same columns: nothing is built from rows, and its owner is nobody.
    private func onStandIn(moving rename: String?, _ definition: [String]) -> [String]? {
        guard let schema = object.identity.schema, let table = object.table else { return nil }
        let moved = quoted(schema) + "." + spare
        let extra = quoted("lifeboat spare")
        let isOfPartitioned = definition[0].contains(" ON ONLY ")
        let shape =
            isOfPartitioned ? "(LIKE \(moved), \(extra) integer) PARTITION BY RANGE (\(extra))" : "(LIKE \(moved))"
        return [
            rename.map { "\($0) \(spare.dropLast()) moved\"" }, "ALTER TABLE \(table) RENAME TO \(spare)",
            "CREATE TABLE \(table) \(shape)", "ALTER TABLE \(table) OWNER TO \(Self.owner)",
        ].compactMap(\.self) + definition
    }
}

extension Stage {
    /// Whether it says what the object is, and not what it is attached to or when it is filled.
    fileprivate var isDefinition: Bool {
        [.create, .complete, .constraint, .columnDefault].contains(purpose) && !statements.isEmpty
    }
}

extension CatalogObject {
    fileprivate var definitionStatements: [String] { stages.filter(\.isDefinition).flatMap(\.statements) }
    fileprivate var otherStatements: [String] { stages.filter { !$0.isDefinition }.flatMap(\.statements) }

    /// What defines the object, less what the server would work out while it is told.
    var remadeStatements: [String] {
        guard identity.kind == .table || identity.kind == .foreignTable else { return definitionStatements }
        return definitionStatements.map { statement in
            statement.byteLines.filter { !$0.hasPrefix("PARTITION BY ") }
                .map { line in
                    guard
                        let column = line.firstMatch(
                            of: /^    "(?:[^"]|"")+" .*?(?= GENERATED ALWAYS AS \()/.matchingSemantics(.unicodeScalar)
                        )?.0
                    else { return String(line) }
                    return column + (line.hasSuffix(",") ? "," : "")
                }.joined(separator: "\n")
        }
    }

    /// The lines that making a table again leaves away.
    fileprivate var workedOutLines: [String] {
        guard identity.kind == .table || identity.kind == .foreignTable else { return [] }
        return definitionStatements.flatMap { $0.byteLines }.filter {
            $0.hasPrefix("PARTITION BY ") || $0.contains(" GENERATED ALWAYS AS (")
        }.map(String.init)
    }

    /// What stays as it is when the object is replaced in its place: a view's defaults, whether a rule is enabled.
    fileprivate var keptInPlace: [String] {
        switch identity.kind {
        case .view: definitionStatements.filter { $0.hasPrefix("ALTER ") }
        case .rule: definitionStatements.filter { !$0.hasPrefix("CREATE RULE") }
        default: []
        }
    }

    /// The table that an index, constraint or trigger lives on, as SQL.
    fileprivate var table: String? {
        guard let schema = identity.schema, let parent = identity.parent else { return nil }
        return quoted(schema, parent)
    }
}

extension ObjectKind {
    /// Whether a new definition can take the place of the old one, so that many are made again at once.
    var isReplacedInPlace: Bool { [.view, .function, .procedure, .rule, .policy].contains(self) }
}
