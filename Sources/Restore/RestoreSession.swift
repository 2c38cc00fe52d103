package import Model
package import PostgresClient
package import Streams

/// How a restore talks to its target: the settings that make text mean the same as on the source, and none of the
/// time-outs that a server may impose.
package enum RestoreSession {
    /// Settings of the source's sessions that must not be taken over: they are about reading safely, not about text.
    private static let sourceOnly: Set<String> = [
        "restrict_nonsystem_relation_kind", "row_security", "search_path", "default_transaction_read_only",
        "transaction_read_only", "application_name",
    ]

    /// What every session of a restore sets, where the server knows it.
    private static let ours: [(name: String, value: String)] = [
        ("search_path", ""), ("statement_timeout", "0"), ("lock_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"), ("idle_session_timeout", "0"), ("transaction_timeout", "0"),
        ("check_function_bodies", "off"), ("client_min_messages", "warning"), ("xmloption", "content"),
        ("standard_conforming_strings", "on"), ("row_security", "off"), ("default_tablespace", ""),
        ("default_transaction_read_only", "off"), ("default_table_access_method", "heap"), ("array_nulls", "on"),
    ]

    /// What definitions were read under, whatever the databases have for their own sessions: a constant of a partition's
    /// bound or of a default is text.
    private static let textual: [(name: String, value: String)] = [
        ("DateStyle", "ISO, YMD"), ("IntervalStyle", "postgres"), ("TimeZone", "UTC"), ("bytea_output", "hex"),
        ("extra_float_digits", "3"), ("lc_monetary", "C"), ("quote_all_identifiers", "off"),
    ]

    /// Opens a session for definitions (`CREATE …`); they are UTF-8 text whatever the source's encoding.
    package static func openForDefinitions(_ target: ConnectionSettings, stop: Stop) throws -> Connection {
        let connection = try open(target, stop: stop)
        try apply(ours + textual + [("client_encoding", "UTF8")], to: connection)
        return connection
    }

    /// Opens a session for queries of the database itself, such as that of a materialized view: they mean its own settings.
    static func openForQueries(_ target: ConnectionSettings, stop: Stop) throws -> Connection {
        let connection = try open(target, stop: stop)
        try apply(ours + [("client_encoding", "UTF8")], to: connection)
        return connection
    }

    /// Opens a session for rows, under the settings that the manifest recorded.
    package static func openForRows(
        _ target: ConnectionSettings,
        like manifest: Manifest,
        stop: Stop
    ) throws -> Connection {
        let connection = try open(target, stop: stop)
        let recorded = manifest.settings.filter { !sourceOnly.contains($0.key) && !$0.key.hasSuffix("_timeout") }
        try apply(ours + recorded.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, to: connection)
        return connection
    }

    /// A session whose search path leads nowhere before anything is asked: the path of a restored database may lead to
    /// operators of the source's, which even the questions for settings would call.
    private static func open(_ target: ConnectionSettings, stop: Stop) throws -> Connection {
        let connection = try Connection(target, stop: stop)
        try connection.execute("SET search_path = ''")
        return connection
    }

    /// Lets index builds and checks of foreign keys use so much memory, unless the server allows more anyway.
    static func allowSorting(kilobytes: Int, on connection: Connection) throws {
        try connection.execute(
            """
            SELECT pg_catalog.set_config(name, \(kilobytes) || 'kB', false) FROM pg_catalog.pg_settings
            WHERE name = 'maintenance_work_mem' AND setting::pg_catalog.int8 < \(kilobytes)
            """
        )
    }

    /// Sets what the server knows, in one round trip; an unknown name is a setting of another major version.
    private static func apply(_ settings: [(name: String, value: String)], to connection: Connection) throws {
        let values = try settings.map { setting in
            "(\(try connection.quoteLiteral(setting.name)), \(try connection.quoteLiteral(setting.value)))"
        }
        try connection.execute(
            """
            SELECT pg_catalog.set_config(wanted.name, wanted.value, false)
            FROM (VALUES \(values.joined(separator: ", "))) AS wanted(name, value)
            JOIN pg_catalog.pg_settings AS known ON known.name = wanted.name
            WHERE known.context IN ('user', 'superuser')
            """
        )
    }
}
