/// What one role granted to another on one object: one `aclitem`.
package struct Grant: Codable, Sendable, Hashable {
    /// Who receives; nil is PUBLIC.
    package var grantee: String?
    package var grantor: String
    /// SQL keywords in the order of the server's own list.
    package var privileges: [String]
    /// The subset that may be passed on.
    package var grantable: [String]

    /// Reads one item of a privilege array, such as `alice=r*w/postgres` or `"we ird"=X/postgres`.
    init?(aclItem text: String) {
        var rest = text.unicodeScalars[...]
        let grantee = Self.takeName(&rest)
        guard rest.popFirst() == "=" else { return nil }
        privileges = []
        grantable = []
        while let letter = rest.popFirst(), letter != "/" {
            if letter == "*" {
                if let last = privileges.last { grantable.append(last) }
            } else {
                privileges.append(Self.keywords[letter] ?? String(letter))
            }
        }
        self.grantee = grantee.isEmpty ? nil : grantee
        grantor = Self.takeName(&rest)
    }

    init(grantee: String?, grantor: String, privileges: [String], grantable: [String] = []) {
        self.grantee = grantee
        self.grantor = grantor
        self.privileges = privileges
        self.grantable = grantable
    }

    /// The items of a privilege array in its text form.
    static func list(_ array: String) -> [Grant] {
        arrayElements(array).compactMap { $0.flatMap(Grant.init(aclItem:)) }
    }

    /// The receiver as SQL.
    var granteeName: String { grantee.map(quoted) ?? "PUBLIC" }

    private static let keywords: [Unicode.Scalar: String] = [
        "r": "SELECT", "w": "UPDATE", "a": "INSERT", "d": "DELETE", "D": "TRUNCATE", "x": "REFERENCES",
        "t": "TRIGGER", "X": "EXECUTE", "U": "USAGE", "C": "CREATE", "c": "CONNECT", "T": "TEMPORARY", "s": "SET",
        "A": "ALTER SYSTEM", "m": "MAINTAIN",
    ]

    /// Takes a role's name as the server writes it: bare, or in quotes that are doubled inside.
    private static func takeName(_ rest: inout Substring.UnicodeScalarView) -> String {
        var name = String.UnicodeScalarView()
        var isInQuotes = false
        while let scalar = rest.first {
            if scalar == "\"" {
                rest.removeFirst()
                if isInQuotes, rest.first == "\"" {
                    name.append("\"")
                    rest.removeFirst()
                } else {
                    isInQuotes.toggle()
                }
                continue
            }
            if !isInQuotes, scalar == "=" || scalar == "/" { break }
            name.append(scalar)
            rest.removeFirst()
        }
        return String(name)
    }
}
