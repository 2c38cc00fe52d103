/// Quotes a name as an SQL identifier without a connection: always in quotes, quotes inside doubled.
///
/// For UTF-8 text this is exactly what `Connection.quoteIdentifier(_:)` returns; a test holds the two together. Use it
/// only where no connection exists, such as when definitions are written from a manifest. The name must not contain a
/// zero character: PostgreSQL has no such names.
package func quotedIdentifier(_ name: String) -> String {
    precondition(!name.utf8.contains(0), "a PostgreSQL name cannot contain a zero character")
    return "\"" + name.replacing("\"", with: "\"\"") + "\""
}

/// Quotes a schema-qualified name without a connection.
package func quotedIdentifier(_ schema: String, _ name: String) -> String {
    quotedIdentifier(schema) + "." + quotedIdentifier(name)
}

/// Quotes text as an SQL literal without a connection: safe whatever `standard_conforming_strings` says, because a
/// text with a backslash is written as an escape string.
package func quotedLiteral(_ text: String) -> String {
    precondition(!text.utf8.contains(0), "a PostgreSQL text cannot contain a zero character")
    let doubled = text.replacing("'", with: "''")
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return "'" + doubled + "'" }
    return " E'" + doubled.replacing("\\", with: "\\\\") + "'"
}
