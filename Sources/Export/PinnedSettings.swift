import AgeEncryption
package import PostgresClient

/// The session settings under which rows become text.
///
/// They are set with SET LOCAL at the start of each transaction, never for a session, so that nothing stays behind in a
/// server connection that a transaction pooler hands to somebody else. What the server does not know is left out.
///
/// `client_encoding` is not among them: statements are always UTF-8, while each COPY says `ENCODING` with the database's
/// own encoding, so that the rows' bytes are the stored ones and no conversion can fail or lose anything.
package struct PinnedSettings: Sendable, Hashable {
    private struct Setting: Hashable {
        var name: String
        var value: String
    }

    /// What the text of a row may depend on: recorded in the manifest, part of the cluster key.
    private static let textual = [
        Setting(name: "DateStyle", value: "ISO, YMD"),
        Setting(name: "IntervalStyle", value: "postgres"),
        Setting(name: "TimeZone", value: "UTC"),
        Setting(name: "bytea_output", value: "hex"),
        Setting(name: "extra_float_digits", value: "3"),
        Setting(name: "lc_monetary", value: "C"),
        Setting(name: "quote_all_identifiers", value: "off"),
        Setting(name: "search_path", value: ""),
        Setting(name: "standard_conforming_strings", value: "on"),
        Setting(name: "xmloption", value: "content"),
    ]

    /// What keeps the session safe, complete and alive.
    private static let protective = [
        Setting(name: "row_security", value: "off"),
        Setting(name: "restrict_nonsystem_relation_kind", value: "view, foreign-table"),
        Setting(name: "statement_timeout", value: "0"),
        Setting(name: "lock_timeout", value: "0"),
        Setting(name: "idle_in_transaction_session_timeout", value: "0"),
        Setting(name: "idle_session_timeout", value: "0"),
        Setting(name: "transaction_timeout", value: "0"),
        Setting(name: "client_encoding", value: "UTF8"),
        Setting(name: "application_name", value: "lifeboat"),
        Setting(name: "synchronize_seqscans", value: "off"),
        Setting(name: "enable_tidscan", value: "on"),
        Setting(name: "jit", value: "off"),
        Setting(name: "max_parallel_workers_per_gather", value: "0"),
    ]

    /// The settings that the text of a row depends on, as the manifest records them.
    package let recorded: [String: String]
    /// The SET LOCAL statements, each ended by a semicolon.
    package let statements: String

    /// Asks the server which of the settings it knows.
    package init(knownTo connection: Connection) throws {
        let wanted = Self.textual + Self.protective
        let names = wanted.map { quotedLiteral($0.name.lowercased()) }.joined(separator: ", ")
        let rows = try connection.trustingCatalogOnly {
            try connection.query(
                "SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings WHERE pg_catalog.lower(name) IN (\(names))"
            )
        }
        self.init(known: Set(rows.compactMap { $0[0] }))
    }

    /// The settings whose lower-case names are in `known`.
    init(known: Set<String>) {
        let textual = Self.textual.filter { known.contains($0.name.lowercased()) }
        let protective = Self.protective.filter { known.contains($0.name.lowercased()) }
        recorded = Dictionary(textual.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        statements = (textual + protective).map { "SET LOCAL \($0.name) = \(quotedLiteral($0.value));" }
            .joined(separator: " ")
    }

    /// SHA-256 of the recorded settings, hex.
    package var hash: String {
        let text = recorded.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        return Hex.encode(SHA256.digest(of: Array(text.utf8)))
    }
}
