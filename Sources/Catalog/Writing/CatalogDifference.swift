import Diagnostics

/// What differs between two catalogs, object by object.
package struct CatalogDifference: Sendable, Hashable {
    /// In order of identity; empty when the catalogs are the same.
    package var objects: [ObjectDifference]
    /// How many objects were looked at: those of the first catalog.
    package var total: Int

    /// Compares two catalogs.
    ///
    /// `second` is the copy, or the later one. `normalised` may even out what two majors write differently, and drop an
    /// object (nil) that should not count.
    package static func compare(
        _ first: DatabaseCatalog,
        _ second: DatabaseCatalog,
        normalised: (CatalogObject) -> CatalogObject? = { $0 }
    ) -> CatalogDifference {
        let namesNotNull = first.serverMajor < 18 && second.serverMajor >= 18
        let before = first.objects.compactMap(normalised).filter { !$0.isOwnersAffair }
        let after = Dictionary(
            second.objects.compactMap(normalised).filter { !$0.isOwnersAffair }.map {
                ($0.identity, namesNotNull ? $0.withoutNamesOfNotNull : $0)
            },
            uniquingKeysWith: { first, _ in first }
        )
        var differences: [ObjectDifference] = []
        for object in before {
            guard let other = after[object.identity] else {
                differences.append(ObjectDifference(object: object.identity, change: .missing))
                continue
            }
            let fields = FieldDifference.between(object, other)
            if !fields.isEmpty {
                differences.append(ObjectDifference(object: object.identity, change: .changed(fields)))
            }
        }
        let known = Set(before.map(\.identity))
        // Every new database has its language, and a restore speaks it: that it was dropped is no loss.
        for identity in after.keys where !known.contains(identity) && identity != Self.usualExtension {
            differences.append(ObjectDifference(object: identity, change: .extra))
        }
        return CatalogDifference(objects: differences.sorted { $0.object < $1.object }, total: before.count)
    }

    private static let usualExtension = ObjectIdentity(.extension, name: "plpgsql")

    /// The share of the first catalog's objects that the second has exactly: 1 when all.
    package var fidelity: Double {
        let lost = objects.count { $0.change != .extra }
        return total == 0 ? 1 : Double(total - lost) / Double(total)
    }
}

extension CatalogObject {
    /// From 18 on NOT NULL has a name, which the server chose for what an earlier one had without.
    var withoutNamesOfNotNull: CatalogObject {
        guard [.table, .foreignTable, .domain].contains(identity.kind) else { return self }
        var object = self
        for stage in object.stages.indices {
            object.stages[stage].statements = object.stages[stage].statements.map { statement in
                statement.replacing(
                    /[ ]CONSTRAINT "(?:[^"]|"")+" NOT NULL/.matchingSemantics(.unicodeScalar),
                    with: " NOT NULL"
                )
            }
        }
        return object
    }

    /// Whether the name that the server would choose anyway is said depends on who else has it: it makes no difference.
    fileprivate var withoutUsualNamesOfNotNull: CatalogObject {
        guard [.table, .foreignTable].contains(identity.kind) else { return self }
        var object = self
        for stage in object.stages.indices {
            object.stages[stage].statements = object.stages[stage].statements.map { statement in
                guard statement.contains("_not_null\" NOT NULL") else { return statement }
                return statement.byteLines.map { line in
                    guard let name = identity.usualNameOfNotNull(in: line) else { return String(line) }
                    return String(line.replacing(" CONSTRAINT \(quoted(name)) NOT NULL", with: " NOT NULL"))
                }.joined(separator: "\n")
            }
        }
        return object
    }

    /// The names of NOT NULL that are said, in their order.
    var namesOfNotNull: [String] {
        guard [.table, .foreignTable, .domain].contains(identity.kind) else { return [] }
        return stages.flatMap(\.statements).flatMap { statement in
            statement.matches(of: /[ ]CONSTRAINT "(?:[^"]|"")+" NOT NULL/.matchingSemantics(.unicodeScalar)).map {
                String($0.0)
            }
        }
    }
}

extension CatalogObject {
    /// What somebody changed about the privileges.
    ///
    /// The owner of what the server or an extension made is whoever made that cluster, and so is who granted.
    fileprivate var privilegeLines: [String] {
        (isMadeHere ? privileges?.changes : privileges?.changesBesideOwners) ?? []
    }

    private var isMadeHere: Bool { owner != nil || stages.contains { !$0.statements.isEmpty } }

    /// Whether it is there only for the owner's own rights, on what the server or an extension made: a superuser of another
    /// cluster has another name, and needs none of them.
    fileprivate var isOwnersAffair: Bool { !isMadeHere && privileges != nil && privilegeLines.isEmpty }
}

extension ObjectIdentity {
    /// What the server would call NOT NULL of the column that a line of CREATE TABLE is about.
    fileprivate func usualNameOfNotNull(in line: Substring) -> String? {
        let own = line.firstMatch(of: /^ +("(?:[^"]|"")+")/.matchingSemantics(.unicodeScalar))?.1
        let column = own ?? line.firstMatch(of: /[ ]NOT NULL ("(?:[^"]|"")+")/.matchingSemantics(.unicodeScalar))?.1
        guard let column else { return nil }
        return name + "_" + column.dropFirst().dropLast().replacing("\"\"", with: "\"") + "_not_null"
    }
}

/// How one object differs.
package struct ObjectDifference: Sendable, Hashable {
    package var object: ObjectIdentity
    package var change: Change

    /// The sort of difference.
    package enum Change: Sendable, Hashable {
        /// Only the first catalog has it.
        case missing
        /// Only the second catalog has it.
        case extra
        case changed([FieldDifference])
    }
}

/// One property that differs, by lines.
package struct FieldDifference: Sendable, Hashable {
    /// `definition`, `owner`, `privileges`, `comments`, or the name of a fact.
    package var field: String
    /// Lines that only the first has.
    package var removed: [String]
    /// Lines that only the second has.
    package var added: [String]

    static func between(_ first: CatalogObject, _ second: CatalogObject) -> [FieldDifference] {
        var fields = [
            definitions(first, second),
            FieldDifference("owner", first.owner.map { [$0] } ?? [], second.owner.map { [$0] } ?? []),
            FieldDifference("privileges", first.privilegeLines, second.privilegeLines),
            FieldDifference("comments", comments(first), comments(second)),
        ]
        for fact in Set(first.facts.keys).union(second.facts.keys).sorted() {
            fields.append(
                FieldDifference(fact, first.facts[fact].map { [$0] } ?? [], second.facts[fact].map { [$0] } ?? [])
            )
        }
        return fields.filter { !$0.removed.isEmpty || !$0.added.isEmpty }
    }

    /// Without what is only another spelling of the same.
    private static func definitions(_ first: CatalogObject, _ second: CatalogObject) -> FieldDifference {
        let (before, after) = (definition(first), definition(second))
        if before == after { return FieldDifference("definition", [], []) }
        return FieldDifference("definition", lines(before), lines(after))
    }

    private static func lines(_ statements: [String]) -> [String] {
        statements.flatMap {
            ArraySpelling.handedDown($0).byteLines.map(String.init)
        }
    }

    private init(_ field: String, _ before: [String], _ after: [String]) {
        self.field = field
        removed = []
        added = []
        if before == after { return }
        for change in after.difference(from: before) {
            switch change {
            case .remove(_, let line, _): removed.append(line)
            case .insert(_, let line, _): added.append(line)
            }
        }
    }

    /// An empty comment is none: it takes away the one that comes with an extension.
    private static func comments(_ object: CatalogObject) -> [String] {
        object.remarks.filter { $0.provider != nil || !$0.text.isEmpty }.map(\.statement)
    }

    private static func definition(_ object: CatalogObject) -> [String] {
        // The server keeps them in the order in which the roles were made, which is another one in a copy.
        if object.identity.kind == .defaultPrivileges { return object.stages.flatMap(\.statements).sorted() }
        return object.withoutUsualNamesOfNotNull.stages.flatMap(\.statements)
    }
}
