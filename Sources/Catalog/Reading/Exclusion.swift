import Diagnostics

/// What the user asked to leave out.
struct Exclusion {
    private let patterns: [Pattern]

    private struct Pattern {
        var kind: String?
        var schema: String?
        var name: String?
    }

    init(_ texts: [String]) {
        patterns = texts.map { text in
            if let colon = text.firstIndex(of: ":"), text[..<colon].allSatisfy({ $0.isLowercase || $0 == "-" }) {
                return Pattern(
                    kind: String(text[..<colon]),
                    schema: nil,
                    name: String(text[text.index(after: colon)...])
                )
            }
            if let dot = text.firstIndex(of: ".") {
                return Pattern(kind: nil, schema: String(text[..<dot]), name: String(text[text.index(after: dot)...]))
            }
            return Pattern(kind: nil, schema: text, name: nil)
        }
    }

    /// Whether something of this kind and name is excluded.
    func excludes(kind: String, schema: String?, name: String, parent: String? = nil) -> Bool {
        patterns.contains { pattern in
            if let wanted = pattern.kind {
                let full = [schema, parent, name].compactMap(\.self).joined(separator: ".")
                let short = schema.map { $0 + "." + name } ?? name
                guard let glob = pattern.name, wanted == kind else { return false }
                return matches(glob, name) || matches(glob, short) || matches(glob, full)
            }
            guard let wanted = pattern.schema else { return false }
            guard let glob = pattern.name else {
                return kind == ObjectKind.schema.rawValue
                    ? matches(wanted, name) : schema.map { matches(wanted, $0) } ?? false
            }
            return schema.map { matches(wanted, $0) && matches(glob, parent ?? name) } ?? false
        }
    }

    /// The excluded objects, with everything that lives on one of them.
    func cascade(over objects: [FoundObject]) -> Set<ObjectIdentity> {
        if patterns.isEmpty { return [] }
        var addresses: Set<CatalogAddress> = []
        var names: Set<ObjectIdentity> = []
        for object in objects where excludes(object.object.identity) {
            addresses.insert(object.address)
            names.insert(object.object.identity)
        }
        for object in objects {
            guard let owner = object.belongsTo, addresses.contains(owner) else { continue }
            names.insert(object.object.identity)
        }
        return names
    }

    private func excludes(_ identity: ObjectIdentity) -> Bool {
        excludes(kind: identity.kind.rawValue, schema: identity.schema, name: identity.name, parent: identity.parent)
    }

    /// Throws when something that stays needs something that goes.
    static func checkDependents(of excluded: Set<ObjectIdentity>, among kept: [CatalogObject]) throws {
        if excluded.isEmpty { return }
        for object in kept {
            for dependency in object.stages.flatMap(\.dependencies) where excluded.contains(dependency.object) {
                throw Diagnostic(
                    .unsupportedObject,
                    "cannot leave out '\(dependency.object)': '\(object.identity)' depends on it",
                    hint: "exclude '\(object.identity.kind.rawValue):\(object.identity.name)' as well."
                )
            }
        }
    }
}

/// Whether a text is what a pattern says, with `*` for any text and `?` for any character.
private func matches(_ pattern: String, _ text: String) -> Bool {
    let pattern = Array(pattern.unicodeScalars)
    let text = Array(text.unicodeScalars)
    var reachable = Array(repeating: false, count: text.count + 1)
    reachable[0] = true
    for scalar in pattern {
        var next = Array(repeating: false, count: text.count + 1)
        for index in reachable.indices where reachable[index] {
            if scalar == "*" {
                for later in index...text.count { next[later] = true }
                break
            }
            if index < text.count, scalar == "?" || scalar == text[index] { next[index + 1] = true }
        }
        reachable = next
    }
    return reachable[text.count]
}
