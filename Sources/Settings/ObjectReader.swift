import CommandLineKit
import Model

/// Collects what is wrong with a file, so that one run reports all of it.
final class ProblemList {
    private(set) var problems: [SettingsProblem] = []

    func add(_ message: String, at position: SettingsPosition, hint: String? = nil) {
        problems.append(SettingsProblem(message: message, hint: hint, position: position))
    }
}

/// Reads the members of one object by its shape.
///
/// A wrong value is noted and read as absent, so that reading goes on and finds the next mistake.
struct ObjectReader {
    let position: SettingsPosition
    private let shape: SettingsShape
    private let members: [String: SettingsNode.Member]
    private let list: ProblemList

    /// Takes an object apart; nil when the value is none.
    init?(_ node: SettingsNode, _ shape: SettingsShape, _ list: ProblemList) {
        guard case .object(let members) = node.value else {
            list.add("\(shape.name) must be an object, not \(node.kind)", at: node.position)
            return nil
        }
        position = node.position
        self.shape = shape
        self.list = list
        self.members = unique(members, list)
        for member in members where !shape.keys.contains(where: { $0.name == member.key }) {
            list.add("unknown key '\(member.key)'", at: member.keyPosition, hint: Self.hint(member.key, shape))
        }
        for key in shape.keys where key.isRequired && self.members[key.name] == nil {
            // An unknown key beside it is nearly always the misspelt one; saying both would say one thing twice.
            let isMisspelt = members.contains { Suggestion.nearest(to: $0.key, in: [key.name]) != nil }
            if !isMisspelt {
                list.add("\(shape.name) lacks '\(key.name)'", at: position, hint: "\(key.meaning.asHint).")
            }
        }
    }

    private static func hint(_ key: String, _ shape: SettingsShape) -> String {
        if shape.name == SettingsShape.scratch.name, key == "server" {
            return "this version drills in ephemeral clusters only: use \"ephemeral\"."
        }
        if let near = Suggestion.nearest(to: key, in: shape.keys.map(\.name)) { return "did you mean '\(near)'?" }
        return "\(shape.name) knows: \(shape.keys.map(\.name).joined(separator: ", "))."
    }

    /// The value under a key that the shape has; nil when it is absent.
    func node(_ key: String) -> SettingsNode? {
        assert(shape.keys.contains { $0.name == key }, "\(shape.name) has no key '\(key)'")
        return members[key]?.value
    }

    func text(_ key: String) -> String? { node(key).flatMap { text($0, key) } }

    /// A text that is not empty.
    func text(_ node: SettingsNode, _ key: String) -> String? {
        guard case .string(let text) = node.value else { return wrong(node, key, "a string") }
        guard !text.isEmpty else { return wrong(node, key, "a text", found: "an empty string") }
        return text
    }

    func integer(_ key: String) -> Int? {
        guard let node = node(key) else { return nil }
        guard case .integer(let range)? = shape.keys.first(where: { $0.name == key })?.kind else { return nil }
        let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard case .number(let number) = node.value else { return wrong(node, key, wanted) }
        guard let integer = Int(exactly: number), range.contains(integer) else {
            let shown = Int(exactly: number).map(String.init) ?? String(number)
            return wrong(node, key, wanted, found: shown)
        }
        return integer
    }

    func duration(_ key: String) -> Duration? {
        guard let node = node(key) else { return nil }
        guard case .string(let text) = node.value else {
            return wrong(node, key, "a duration in quotes, like \"90m\", \"24h\" or \"30d\"")
        }
        do {
            let duration = try Duration(human: text)
            guard duration > .zero else { return wrong(node, key, "longer than nothing", found: "'\(text)'") }
            return duration
        } catch {
            list.add("'\(key)': \(error.description)", at: node.position)
            return nil
        }
    }

    func boolean(_ key: String) -> Bool? {
        guard let node = node(key) else { return nil }
        guard case .bool(let value) = node.value else { return wrong(node, key, "true or false") }
        return value
    }

    func rate(_ key: String) -> ByteRate? {
        guard let node = node(key), let text = text(node, key) else { return nil }
        do { return try ByteRate(human: text) } catch {
            list.add("'\(key)': \(error.description)", at: node.position)
            return nil
        }
    }

    func size(_ key: String) -> ByteCount? {
        guard let node = node(key), let text = text(node, key) else { return nil }
        do { return try ByteCount(human: text) } catch {
            list.add("'\(key)': \(error.description)", at: node.position)
            return nil
        }
    }

    /// A word out of a few.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, of type: Choice.Type) -> Choice? {
        guard let node = node(key), let text = text(node, key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        let hint =
            Suggestion.nearest(to: text, in: words).map { "did you mean '\($0)'?" }
            ?? "use one of: \(words.joined(separator: ", "))."
        list.add("'\(text)' is not a value of '\(key)'", at: node.position, hint: hint)
        return nil
    }

    func object(_ key: String, _ shape: SettingsShape) -> ObjectReader? {
        node(key).flatMap { ObjectReader($0, shape, list) }
    }

    func elements(_ key: String) -> [SettingsNode]? {
        guard let node = node(key) else { return nil }
        guard case .array(let elements) = node.value else { return wrong(node, key, "a list") }
        return elements
    }

    /// Members whose keys the user chose, each name once.
    func named(_ key: String) -> [SettingsNode.Member] { node(key).map { namedMembers($0, key, list) } ?? [] }

    private func wrong<Value>(
        _ node: SettingsNode,
        _ key: String,
        _ wanted: String,
        found: String? = nil
    ) -> Value? {
        list.add("'\(key)' must be \(wanted), not \(found ?? node.kind)", at: node.position)
        return nil
    }
}

/// Reads an object whose keys are names that the user chose.
func namedMembers(_ node: SettingsNode, _ key: String, _ list: ProblemList) -> [SettingsNode.Member] {
    guard case .object(let all) = node.value else {
        list.add("'\(key)' must be an object of names, not \(node.kind)", at: node.position)
        return []
    }
    let known = unique(all, list)
    // Editors look for this key in every kind of file.
    let members = all.filter { $0.key != "$schema" }
    for member in members where !isName(member.key) {
        list.add(
            "'\(member.key)' is no name",
            at: member.keyPosition,
            hint: "use letters, digits, '-', '_' and '.', beginning with a letter or digit."
        )
    }
    return members.filter { known[$0.key]?.keyPosition == $0.keyPosition && isName($0.key) }
}

/// Names become parts of object names and of units for schedulers, so they stay plain.
private func isName(_ text: String) -> Bool {
    text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,62}/) != nil
}

/// The members by key; a key that stands twice is noted, and the first one counts.
private func unique(_ members: [SettingsNode.Member], _ list: ProblemList) -> [String: SettingsNode.Member] {
    var found: [String: SettingsNode.Member] = [:]
    for member in members {
        if let first = found[member.key] {
            list.add(
                "'\(member.key)' is given twice",
                at: member.keyPosition,
                hint: "keep one of them; the first is at \(first.keyPosition)."
            )
        } else {
            found[member.key] = member
        }
    }
    return found
}

extension String {
    /// A meaning as the advice to add it: `add what is read`.
    fileprivate var asHint: String {
        guard let first, dropFirst().first?.isUppercase != true else { return "add it: \(self)" }
        return "add it: \(first.lowercased())\(dropFirst())"
    }
}
