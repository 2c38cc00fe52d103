import Diagnostics

/// A name quoted as an SQL identifier, always, so that no keyword of any version can get in the way.
func quoted(_ name: String) -> String {
    "\"" + name.replacingEach("\"", with: "\"\"") + "\""
}

/// A name with its schema, both quoted.
func quoted(_ schema: String, _ name: String) -> String { quoted(schema) + "." + quoted(name) }

/// The bytes of a name from between its quotes.
func unquotedName(_ quoted: some BidirectionalCollection<UInt8>) -> [UInt8] {
    var name: [UInt8] = []
    var isSecond = false
    for byte in quoted.dropFirst().dropLast() {
        isSecond = byte == 0x22 && !isSecond
        if !isSecond { name.append(byte) }
    }
    return name
}

/// A text as an SQL literal that means the same whatever `standard_conforming_strings` says.
func literal(_ text: String) -> String {
    let doubled = text.replacingEach("'", with: "''")
    guard doubled.utf8.contains(0x5C) else { return "'" + doubled + "'" }
    return " E'" + doubled.replacingEach("\\", with: "\\\\") + "'"
}

/// The elements of a one-dimensional array in PostgreSQL's text form, for example `{a,"b,c",NULL}`.
func arrayElements(_ text: String) -> [String?] {
    var elements: [String?] = []
    var current: [UInt8] = []
    var wasQuoted = false
    var isInQuotes = false
    var isEscaped = false
    func finish() {
        let value = String(decoding: current, as: UTF8.self)
        elements.append(!wasQuoted && value == "NULL" ? nil : value)
        current.removeAll(keepingCapacity: true)
        wasQuoted = false
    }
    let body = text.utf8.dropFirst().dropLast()
    if body.isEmpty { return [] }
    for byte in body {
        if isEscaped {
            current.append(byte)
            isEscaped = false
        } else if byte == 0x5C {
            isEscaped = true
        } else if byte == 0x22 {
            isInQuotes.toggle()
            wasQuoted = true
        } else if byte == 0x2C, !isInQuotes {
            finish()
        } else {
            current.append(byte)
        }
    }
    finish()
    return elements
}
