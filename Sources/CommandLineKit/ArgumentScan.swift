/// One value found on a command line, and the argument it belongs to.
struct ArgumentAssignment: Sendable, Equatable {
    /// The place in the command's table.
    var index: Int
    /// The name as it was typed; empty for a positional.
    var spelled: String
    /// Empty for a flag.
    var value: String
}

/// Splits the words after a verb into options and positionals.
///
/// Reads `--name value`, `--name=value`, `-n value`, `-nvalue`, `-abc` and `--`; options and positionals may mix.
struct ArgumentScan {
    let arguments: [ArgumentDescription]
    let command: String

    /// The assignments in the order of the words.
    func assignments(_ words: [String]) throws(UsageError) -> [ArgumentAssignment] {
        var found: [ArgumentAssignment] = []
        var loose: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                loose += rest
                break
            } else if word.hasPrefix("--") {
                found.append(try longOption(word, &rest))
            } else if isShortCluster(word) {
                found += try shortOptions(word, &rest)
            } else {
                loose.append(word)
            }
        }
        found += try positionals(loose)
        try checkRepetition(found)
        try checkPresence(found)
        return found
    }

    /// Whether a word is one or more short options; `-` alone stands for a stream and `-5` for a number.
    private func isShortCluster(_ word: String) -> Bool {
        guard word.hasPrefix("-"), word.count > 1 else { return false }
        if index(of: String(word.prefix(2))) != nil { return true }
        return Double(word) == nil
    }

    private func index(of name: String) -> Int? { arguments.firstIndex { $0.names.contains(name) } }

    private func longOption(
        _ word: String,
        _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> ArgumentAssignment {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts[0]
        guard let index = index(of: name) else { throw unknown(name) }
        if parts.count == 2 {
            guard arguments[index].takesValue else {
                throw UsageError(
                    "option '\(name)' takes no value",
                    cause: "it is a switch",
                    hint: "write '\(name)' alone."
                )
            }
            return ArgumentAssignment(index: index, spelled: name, value: parts[1])
        }
        return try plainOption(index, name, &rest)
    }

    private func shortOptions(
        _ word: String,
        _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> [ArgumentAssignment] {
        var found: [ArgumentAssignment] = []
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            let name = "-\(letter)"
            guard let index = index(of: name) else { throw unknown(word.count == 2 ? word : name, within: word) }
            if arguments[index].takesValue, !letters.isEmpty {
                let value = letters.first == "=" ? letters.dropFirst() : letters
                return found + [ArgumentAssignment(index: index, spelled: name, value: String(value))]
            }
            found.append(try plainOption(index, name, &rest))
        }
        return found
    }

    /// An option whose value, if it takes one, is the next word.
    private func plainOption(
        _ index: Int,
        _ name: String,
        _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> ArgumentAssignment {
        let argument = arguments[index]
        guard argument.takesValue else { return ArgumentAssignment(index: index, spelled: name, value: "") }
        guard let value = rest.first else {
            throw UsageError(
                "option '\(name)' needs a value",
                cause: "nothing follows it",
                hint: "write '\(name) \(argument.valueName)'."
            )
        }
        guard value == "-" || !value.hasPrefix("-") || Double(value) != nil else {
            throw UsageError(
                "option '\(name)' needs a value",
                cause: "'\(value)' follows it, another option",
                hint: "write '\(argument.longName)=VALUE' for a value that begins with '-'."
            )
        }
        rest = rest.dropFirst()
        return ArgumentAssignment(index: index, spelled: name, value: value)
    }

    private func positionals(_ words: [String]) throws(UsageError) -> [ArgumentAssignment] {
        var open = arguments.indices.filter { arguments[$0].shape == .positional }[...]
        var found: [ArgumentAssignment] = []
        for word in words {
            guard let index = open.first else {
                throw UsageError(
                    "unexpected argument '\(word)' for '\(command)'",
                    cause: extraCause(words.count),
                    hint: "leave it out, or quote words that belong together."
                )
            }
            found.append(ArgumentAssignment(index: index, spelled: "", value: word))
            if !arguments[index].isRepeated { open = open.dropFirst() }
        }
        return found
    }

    private func extraCause(_ count: Int) -> String {
        let names = arguments.filter { $0.shape == .positional }.map(\.valueName)
        return names.isEmpty
            ? "it takes options only"
            : "it takes \(names.joined(separator: " ")), and there are \(count - names.count) more"
    }

    private func checkRepetition(_ found: [ArgumentAssignment]) throws(UsageError) {
        var seen: Set<Int> = []
        for assignment in found where arguments[assignment.index].takesValue {
            let argument = arguments[assignment.index]
            guard argument.isRepeated || seen.insert(assignment.index).inserted else {
                throw UsageError(
                    "\(argument.spoken) is given twice",
                    cause: "it takes one value",
                    hint: "keep one of them."
                )
            }
        }
    }

    private func checkPresence(_ found: [ArgumentAssignment]) throws(UsageError) {
        let given = Set(found.map(\.index))
        for (index, argument) in arguments.enumerated() where argument.isRequired && !given.contains(index) {
            let example =
                argument.shape == .positional ? argument.valueName : "\(argument.longName) \(argument.valueName)"
            throw UsageError(
                "missing \(argument.spoken)",
                cause: "'\(command)' cannot do without it",
                hint: "add \(example): \(argument.help.sentenceStart)."
            )
        }
    }

    private func unknown(_ name: String, within word: String? = nil) -> UsageError {
        let place = word.map { $0 == name ? "" : " in '\($0)'" } ?? ""
        let names = (arguments + [.help]).flatMap(\.names).filter { $0.hasPrefix("--") }
        // `-jobs` is a slip for `--jobs`, not a cluster of j, o, b, s.
        let typed = name.hasPrefix("--") ? name : word.map { $0.count > 2 ? "-" + $0 : $0 } ?? name
        return UsageError(
            "unknown option '\(name)'\(place)",
            cause: "'\(command)' has no such option",
            hint: Suggestion.nearest(to: typed, in: names).map { "did you mean '\($0)'?" }
        )
    }
}

extension String {
    /// The text with its first letter in lower case, to go on inside a sentence; an acronym stays as it is.
    var sentenceStart: String {
        let second = dropFirst().first
        guard let first, second?.isUppercase != true else { return self }
        return first.lowercased() + dropFirst()
    }
}
