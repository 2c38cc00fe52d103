import Catalog

/// What the corpus holds on one server: the rows of `docs/postgres-coverage.md`.
struct Coverage {
    /// A kind, or a form of a kind that has a way of its own through the server's catalogs.
    struct Item: Sendable {
        var name: String
        var isHeld: @Sendable (CatalogObject) -> Bool

        init(_ name: String, _ isHeld: @escaping @Sendable (CatalogObject) -> Bool) {
            self.name = name
            self.isHeld = isHeld
        }

        /// Objects of a kind with a statement that holds `text`.
        init(_ name: String, _ kind: ObjectKind, says text: String) {
            self.init(name) { $0.identity.kind == kind && $0.says(text) }
        }
    }

    static let items: [Item] =
        ObjectKind.allCases.filter { $0 != .largeObject }.map { kind in
            Item(kind.rawValue.replacing("-", with: " ")) { $0.identity.kind == kind }
        } + [
            Item("table: unlogged", .table, says: "CREATE UNLOGGED"), Item("table: typed", .table, says: " OF "),
            Item("table: partitioned", .table, says: "\nPARTITION BY"),
            Item("table: partition", .table, says: "ATTACH PARTITION"),
            Item("table: default partition", .table, says: "\n    DEFAULT"),
            Item("table: inheritance", .table, says: "\nINHERITS ("),
            Item("table: access method", .table, says: "\nUSING "),
            Item("table: storage options", .table, says: "\nWITH ("),
            Item("table: row security, enabled and forced", .table, says: "FORCE ROW LEVEL SECURITY"),
            Item("table: replica identity", .table, says: "REPLICA IDENTITY FULL"),
            Item("column: stored generated", .table, says: ") STORED"),
            Item("column: virtual generated (18)") { object in
                object.identity.kind == .table
                    && object.lines.contains { $0.contains(" GENERATED ALWAYS AS (") && !$0.contains(") STORED") }
            },
            Item("column: identity", .sequence, says: "GENERATED ALWAYS AS IDENTITY"),
            Item("column: storage", .table, says: "SET STORAGE"),
            Item("column: compression", .table, says: "SET COMPRESSION"),
            Item("column: statistics target", .table, says: "SET STATISTICS"),
            Item("column: privileges") { $0.privileges?.columns.isEmpty == false },
            Item("index: partial or on an expression", .index, says: " WHERE "),
            Item("index: included columns", .index, says: " INCLUDE ("),
            Item("index: nulls not distinct", .index, says: "NULLS NOT DISTINCT"),
            Item("index: attached to a partitioned one", .index, says: "ATTACH PARTITION"),
            Item("index: cluster", .constraint, says: "CLUSTER ON"),
            Item("constraint: exclusion", .constraint, says: "EXCLUDE"),
            Item("constraint: deferrable", .constraint, says: "DEFERRABLE"),
            Item("constraint: not valid", .constraint, says: "NOT VALID"),
            Item("constraint: without overlaps (18)", .constraint, says: "WITHOUT OVERLAPS"),
            Item("constraint: not enforced (18)") {
                [.constraint, .foreignKey, .table].contains($0.identity.kind) && $0.says("NOT ENFORCED")
            },
            Item("constraint: named not null (18)") { object in
                object.stages.flatMap { $0.statements }.contains { $0.contains(/CONSTRAINT "[^"]+" NOT NULL/) }
            },
            Item("function: SQL-standard body", .function, says: "BEGIN ATOMIC"),
            Item("view: check option", .view, says: "check_option"),
            Item("view: in a cycle") { object in
                object.identity.kind == .view && object.stages.contains { $0.purpose == .complete }
            },
            Item("trigger: disabled, always or replica", .trigger, says: " TRIGGER \""),
            Item("publication: column list and row filter", .publication, says: "WHERE ("),
            Item("publication: schemas", .publication, says: "TABLES IN SCHEMA"),
            Item("comment") { $0.remarks.contains { $0.provider == nil && !$0.text.isEmpty } },
            Item("privileges of the server's own objects") {
                $0.identity.schema == "pg_catalog" && $0.identity.kind != .operatorFamily
            },
            Item("members added to the server's own operator families") {
                $0.identity.schema == "pg_catalog" && $0.identity.kind == .operatorFamily
            },
        ]

    /// How many objects of each item a catalog has.
    ///
    /// Roles are shared with the databases of other tests: only the corpus's own count.
    static func counts(_ catalog: DatabaseCatalog) -> [Int] {
        let own = catalog.objects.filter { $0.identity.kind != .role || $0.identity.name.hasPrefix("corpus") }
        return items.map { item in own.count(where: item.isHeld) }
    }
}

extension CatalogObject {
    fileprivate func says(_ text: String) -> Bool {
        stages.contains { stage in stage.statements.contains { $0.contains(text) } }
    }

    fileprivate var lines: [Substring] {
        var lines: [Substring] = []
        for stage in stages { for text in stage.statements { lines += text.split(separator: "\n") } }
        return lines
    }
}
