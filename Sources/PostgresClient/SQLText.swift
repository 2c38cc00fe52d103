/// Quotes a name as an SQL identifier without a connection: always in quotes, quotes inside doubled.
///
/// For UTF-8 text this is exactly what `Connection.quoteIdentifier(_:)` returns; a test holds the two together. Use it
/// only where no connection exists, such as when definitions are written from a manifest. The name must not contain a
/// zero character: PostgreSQL has no such names.
package func quotedIdentifier(_ name: String) -> String {
    precondition(!name.utf8.contains(0), "a PostgreSQL name cannot contain a zero character")
    return "\"" + doubling(["\""], in: name) + "\""
}

/// Quotes a schema-qualified name without a connection.
package func quotedIdentifier(_ schema: String, _ name: String) -> String {
    quotedIdentifier(schema) + "." + quotedIdentifier(name)
}

/// Quotes text as an SQL literal without a connection: safe whatever `standard_conforming_strings` says, because a
/// text with a backslash is written as an escape string.
package func quotedLiteral(_ text: String) -> String {
    precondition(!text.utf8.contains(0), "a PostgreSQL text cannot contain a zero character")
    let hasBackslash = text.utf8.contains(UInt8(ascii: "\\"))
    return (hasBackslash ? " E'" : "'") + doubling(["'", "\\"], in: text) + "'"
}

/// Scalar by scalar: to Swift a quote followed by a combining accent is one character and no quote, but to the server it
/// is a quote.
private func doubling(_ quotes: Set<Unicode.Scalar>, in text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        if quotes.contains(scalar) { result.unicodeScalars.append(scalar) }
        result.unicodeScalars.append(scalar)
    }
    return result
}
