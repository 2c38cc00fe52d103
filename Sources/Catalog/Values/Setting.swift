import Diagnostics

/// A configuration parameter and its value, as `pg_db_role_setting` keeps them.
struct Setting {
    var name: String
    var value: String

    /// Reads the elements of a `setconfig` array, `name=value`.
    static func list(_ array: String) -> [Setting] {
        arrayElements(array).compactMap { element in
            element?.cut(atFirst: "=").map { Setting(name: $0.before, value: $0.after) }
        }
    }

    /// What follows SET.
    ///
    /// Parameters that hold lists of names keep each name as an element of its own.
    var clause: String {
        let values = Self.namesOfLists.contains(name.lowercased()) ? Self.elements(of: value) : [value]
        return parameterName(name) + " TO " + (values.isEmpty ? "''" : values.map(literal).joined(separator: ", "))
    }

    private static let namesOfLists: Set<String> = [
        "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
        "temp_tablespaces", "unix_socket_directories", "restrict_nonsystem_relation_kind", "createrole_self_grant",
    ]

    /// Splits `"$user", public` into its names.
    private static func elements(of list: String) -> [String] {
        var names: [String] = []
        var current = ""
        var isInQuotes = false
        var rest = list.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\"" {
                if isInQuotes, rest.first == "\"" {
                    current.unicodeScalars.append("\"")
                    rest.removeFirst()
                } else {
                    isInQuotes.toggle()
                }
            } else if scalar == ",", !isInQuotes {
                names.append(current)
                current = ""
            } else if isInQuotes || !scalar.properties.isWhitespace {
                current.unicodeScalars.append(scalar)
            }
        }
        return list.isEmpty ? [] : names + [current]
    }
}
