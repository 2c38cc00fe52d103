import Diagnostics

/// What `pg_get_functiondef` says of a function between its result and its body.
struct FunctionHeader {
    /// The lines after the result's, each of which begins with a space; the body does not.
    private let lines: [Substring]

    init(of definition: String) {
        let all = definition.byteLines
        let first = all.firstIndex { $0.hasPrefix(" LANGUAGE ") } ?? all.endIndex
        lines = Array(all[first...].prefix { $0.hasPrefix(" ") })
    }

    var language: String? {
        lines.first.map { String($0.dropFirst(" LANGUAGE ".count)).replacingEach("\"", with: "") }
    }

    /// Whether it promises to tell nothing of its arguments.
    var isLeakproof: Bool {
        lines.contains { !$0.hasPrefix(" SET ") && $0.split(separator: " ").contains("LEAKPROOF") }
    }

    /// The names of the parameters that it sets for itself, in small letters.
    var settings: [String] {
        lines.compactMap { line in
            guard line.hasPrefix(" SET "), let end = line.firstRange(of: " TO ") else { return nil }
            return String(line[..<end.lowerBound].dropFirst(" SET ".count)).replacingEach("\"", with: "").lowercased()
        }
    }
}
