import Model
import PostgresClient

/// Looks for names that have changed since a snapshot.
///
/// The server words views, conditions, column types and owners from what is committed at that moment, while the objects'
/// own rows are read under the snapshot: a type that was renamed in between has its old name in one and its new name in
/// the other, and the point could not be restored.
struct NameCheck {
    /// A catalog in which things have names: which row it is, what it is called, and in which schema.
    private struct Catalog {
        var label: String
        var source: String
        var id = "oid"
        /// What `id` is a part of, when it is not the row's own number.
        var number = "oid"
        var name: String
        var schema = "0"

        /// Every row, or those that `condition` lets through.
        func rows(where condition: String) -> String {
            "SELECT '\(label)', \(id)::pg_catalog.text, \(name)::pg_catalog.text, \(schema)::pg_catalog.text"
                + " FROM pg_catalog.\(source) WHERE \(condition)"
        }
    }

    private static let catalogs = [
        Catalog(label: "type", source: "pg_type", name: "typname", schema: "typnamespace"),
        Catalog(label: "relation", source: "pg_class", name: "relname", schema: "relnamespace"),
        Catalog(
            label: "column",
            source: "pg_attribute",
            id: "(attrelid || '.' || attnum)",
            number: "attrelid",
            name: "attname"
        ),
        Catalog(label: "label", source: "pg_enum", name: "enumlabel", schema: "enumtypid"),
        Catalog(label: "schema", source: "pg_namespace", name: "nspname"),
        Catalog(label: "operator", source: "pg_operator", name: "oprname", schema: "oprnamespace"),
        Catalog(label: "operator class", source: "pg_opclass", name: "opcname", schema: "opcnamespace"),
        Catalog(label: "operator family", source: "pg_opfamily", name: "opfname", schema: "opfnamespace"),
        Catalog(label: "collation", source: "pg_collation", name: "collname", schema: "collnamespace"),
        Catalog(label: "text search configuration", source: "pg_ts_config", name: "cfgname", schema: "cfgnamespace"),
        Catalog(label: "text search dictionary", source: "pg_ts_dict", name: "dictname", schema: "dictnamespace"),
        Catalog(label: "text search parser", source: "pg_ts_parser", name: "prsname", schema: "prsnamespace"),
        Catalog(label: "text search template", source: "pg_ts_template", name: "tmplname", schema: "tmplnamespace"),
        Catalog(label: "statistics", source: "pg_statistic_ext", name: "stxname", schema: "stxnamespace"),
        Catalog(label: "server", source: "pg_foreign_server", name: "srvname"),
        Catalog(label: "wrapper", source: "pg_foreign_data_wrapper", name: "fdwname"),
        Catalog(label: "language", source: "pg_language", name: "lanname"),
        Catalog(label: "extension", source: "pg_extension", name: "extname", schema: "extnamespace"),
    ]

    /// One row of a catalog.
    private struct Place: Hashable {
        var label: String
        var id: String
    }

    /// What stands there.
    private struct Named: Hashable {
        var name: Spelling
        var schema: String
    }

    /// The session that has the snapshot.
    let connection: Connection
    let bounds: SnapshotBounds

    /// Throws `SnapshotRace` when something that the snapshot knows has another name by now, or is in another schema.
    ///
    /// `probe` sees what is committed now, and has the pinned settings. Only rows that were written since the snapshot
    /// are compared, so it costs a look through each catalog whatever its size.
    func requireOriginalNames(seenBy probe: Connection) throws {
        let oldest = bounds.xmin & 0xFFFF_FFFF
        let isNew = "pg_catalog.age(xmin) <= pg_catalog.age('\(oldest)'::pg_catalog.xid)"
        let now = try read(Self.catalogs.map { $0.rows(where: isNew) }, on: probe)
        let then = try read(
            Self.catalogs.compactMap { catalog in
                let numbers = Set(now.keys.filter { $0.label == catalog.label }.map { $0.id.prefix { $0 != "." } })
                guard !numbers.isEmpty else { return nil }
                let list = numbers.joined(separator: ",")
                return catalog.rows(where: "\(catalog.number) = ANY ('{\(list)}'::pg_catalog.oid[])")
            },
            on: connection
        )
        for (place, named) in then where now[place].map({ $0 != named }) == true {
            throw SnapshotRace(cause: "\(place.label) '\(named.name)' was renamed or moved")
        }
        // A role's row is not everybody's to read, its name is.
        let roles = ["SELECT 'role', oid::pg_catalog.text, rolname::pg_catalog.text, '0' FROM pg_catalog.pg_roles"]
        let rolesNow = try read(roles, on: probe)
        let changed = try read(roles, on: connection).filter { place, named in rolesNow[place] != named }
        let mentioned = try mentioned(changed.keys.map(\.id))
        for (place, named) in changed where rolesNow[place] != nil || mentioned.contains(place.id) {
            throw SnapshotRace(cause: "role '\(named.name)' was renamed or dropped")
        }
    }

    /// Those of these roles that something in this database, or of the whole server, belongs or is granted to, as the
    /// snapshot has it.
    ///
    /// Some servers make and drop roles all day, one for each login: they own nothing here, and nothing was worded with
    /// them.
    private func mentioned(_ roles: [String]) throws -> Set<String> {
        guard !roles.isEmpty else { return [] }
        let rows = try connection.query(
            """
            SELECT DISTINCT refobjid::pg_catalog.text FROM pg_catalog.pg_shdepend
            WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND refobjid = ANY ($1::pg_catalog.oid[])
              AND dbid IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
            """,
            ["{\(roles.joined(separator: ","))}"]
        )
        return Set(rows.compactMap { $0[0] })
    }

    private func read(_ parts: [String], on session: Connection) throws -> [Place: Named] {
        guard !parts.isEmpty else { return [:] }
        var found: [Place: Named] = [:]
        for row in try session.query(parts.joined(separator: " UNION ALL ")) {
            guard let label = row[0], let id = row[1], let name = row[2], let schema = row[3] else { continue }
            found[Place(label: label, id: id)] = Named(name: Spelling(name), schema: schema)
        }
        return found
    }
}
