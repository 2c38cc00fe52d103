package import Catalog
import Diagnostics
import Model

extension RestoreSelection {
    /// The selection as the catalog knows it: a partitioned table stands for its partitions on every level too.
    ///
    /// Throws `usage` and names everything that matched nothing; asked before anything is written.
    package func resolved(in catalog: DatabaseCatalog) throws -> RestoreSelection {
        switch self {
        case .everything: return self
        case .schemas(let names):
            let known = Set(catalog.objects.compactMap(Self.schema).map(Spelling.init))
            try Self.require(names.subtracting(known).map(\.text), "schema", like: known.map(\.text), "--schema")
            return self
        case .tables(let names):
            let known = Set(catalog.objects.map(\.identity).filter(Self.isTableLike).compactMap(Self.tableName))
            let strange = names.subtracting(known).map(\.description)
            try Self.require(strange, "table", like: known.map(\.description), "--table")
            return .tables(Self.withPartitions(names, catalog))
        }
    }

    /// What can be named as a table: whatever has columns of its own.
    static func isTableLike(_ identity: ObjectIdentity) -> Bool {
        [.table, .foreignTable, .view, .materializedView].contains(identity.kind)
    }

    private static func schema(_ object: CatalogObject) -> String? {
        object.identity.kind == .schema ? object.identity.name : object.identity.schema
    }

    private static func tableName(_ identity: ObjectIdentity) -> TableName? {
        identity.schema.map { TableName(schema: $0, name: identity.name) }
    }

    private static func withPartitions(_ names: Set<TableName>, _ catalog: DatabaseCatalog) -> Set<TableName> {
        var children: [TableName: [TableName]] = [:]
        for object in catalog.objects {
            guard let parent = object.partitionedParent.flatMap(tableName), let name = tableName(object.identity) else {
                continue
            }
            children[parent, default: []].append(name)
        }
        var all = names
        var queue = Array(names)
        while let name = queue.popLast() {
            for child in children[name] ?? [] where all.insert(child).inserted { queue.append(child) }
        }
        return all
    }

    /// Throws when `strange` names are not among the `known` ones, with what was probably meant.
    private static func require(_ strange: [String], _ noun: String, like known: [String], _ option: String) throws {
        guard !strange.isEmpty else { return }
        let strange = strange.sorted()
        let meant = known.filter { name in strange.contains { $0.lowercased() == name.lowercased() } }.sorted()
        let rest = known.count > 8 ? " and \(known.count - 8) more" : ""
        let list = known.sorted().prefix(8).map { "'\($0)'" }.joined(separator: ", ") + rest
        throw Diagnostic(
            .usage,
            "the point has no \(noun) \(strange.map { "'\($0)'" }.joined(separator: ", "))",
            cause: known.isEmpty ? "it has none at all" : "it has \(list)",
            hint: meant.isEmpty
                ? "Give \(option) the name exactly as the database has it, without quotes."
                : "Upper and lower case count: \(option) \(meant.map { "'\($0)'" }.joined(separator: ", "))."
        )
    }
}

extension CatalogObject {
    /// The table that this one is a partition of.
    var partitionedParent: ObjectIdentity? {
        guard [.table, .foreignTable].contains(identity.kind) else { return nil }
        let attaching = stages.first { stage in
            stage.purpose == .attach && stage.statements.contains { $0.contains(" ATTACH PARTITION ") }
        }
        return attaching?.dependencies.map(\.object).first { $0.kind == .table }
    }
}
