import Diagnostics

/// What the user asked to leave out.
struct Exclusion {
    private let patterns: [Pattern]

    private struct Pattern {
        var text: String
        var kind: String?
        var schema: String?
        var name: String?
    }

    init(_ texts: [String]) {
        patterns = texts.map { text in
            if let colon = text.firstIndex(of: ":"), text[..<colon].allSatisfy({ $0.isLowercase || $0 == "-" }) {
                return Pattern(
                    text: text,
                    kind: String(text[..<colon]),
                    schema: nil,
                    name: String(text[text.index(after: colon)...])
                )
            }
            if let dot = text.firstIndex(of: ".") {
                let name = String(text[text.index(after: dot)...])
                return Pattern(text: text, kind: nil, schema: String(text[..<dot]), name: name)
            }
            return Pattern(text: text, kind: nil, schema: text, name: nil)
        }
    }

    /// The patterns that exclude something of this kind and name.
    func covering(kind: String, schema: String?, name: String) -> Set<String> {
        Set(patterns.filter { Self.covers($0, kind: kind, schema: schema, name: name, parent: nil) }.map(\.text))
    }

    private static func covers(
        _ pattern: Pattern,
        kind: String,
        schema: String?,
        name: String,
        parent: String?
    ) -> Bool {
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

    /// What to say of patterns that cover none of `objects` and are not `used` otherwise: most often they are misspelt.
    func idleNotices(among objects: [FoundObject], used: Set<String>) -> [String] {
        let idle = patterns.filter { pattern in
            !used.contains(pattern.text)
                && !objects.lazy.map(\.object.identity).contains {
                    Self.covers(pattern, kind: $0.kind.rawValue, schema: $0.schema, name: $0.name, parent: $0.parent)
                }
        }
        return idle.map { pattern in
            let unknown = pattern.kind.flatMap { kind in
                ObjectKind(rawValue: kind) == nil ? ", and there is no kind of object called '\(kind)'" : nil
            }
            return "'\(pattern.text)' was to be left out, and nothing matches it\(unknown ?? "")"
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
        patterns.contains {
            Self.covers(
                $0,
                kind: identity.kind.rawValue,
                schema: identity.schema,
                name: identity.name,
                parent: identity.parent
            )
        }
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
