/// A heading in the overview, and the commands under it.
package struct CommandGroup<Context: Sendable>: Sendable {
    package let title: String
    package let commands: [CommandEntry<Context>]

    /// Creates a group; the commands keep their order.
    package init(_ title: String, _ commands: [CommandEntry<Context>]) {
        self.title = title
        self.commands = commands
    }
}

/// What a command line asks for.
package enum Invocation<Context: Sendable>: Sendable {
    /// Do the work of this command; `name` is its verb.
    case run(any Command<Context>, name: String)
    /// Print this page on standard output and end with status 0.
    case help(String)
    /// Print the version on standard output and end with status 0.
    case version
}

/// All commands of a tool.
package struct CommandTree<Context: Sendable>: Sendable {
    package let tool: String
    package let summary: String
    package let groups: [CommandGroup<Context>]
    /// Closing paragraphs of the overview.
    package let notes: [String]

    /// Creates a tree; `problems()` says whether it is sound.
    package init(tool: String, summary: String, notes: [String] = [], groups: [CommandGroup<Context>]) {
        self.tool = tool
        self.summary = summary
        self.notes = notes
        self.groups = groups
    }

    /// Every command, in the order of the overview.
    package var commands: [CommandEntry<Context>] { groups.flatMap(\.commands) }

    /// Reads a command line without the tool's own name.
    ///
    /// Options may stand before the verb; `--help` and `-h` win over everything, wherever they stand before `--`.
    package func parse(_ words: [String]) throws(UsageError) -> Invocation<Context> {
        let line = split(words)
        let asksForHelp = words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
        guard let first = line.verbs.first else {
            if line.options == ["--version"] || line.options == ["-V"] { return .version }
            if line.options.isEmpty || asksForHelp { return .help(HelpPage.overview(of: self)) }
            throw UsageError(
                "no command is given",
                cause: "there are only options",
                hint: "run '\(tool) help' for the list."
            )
        }
        if first == "help" { return .help(try helpPage(for: Array(line.rest.filter { !$0.hasPrefix("-") }))) }
        guard let entry = entry(named: line.verbs) else { return try family(line.verbs, asksForHelp, line.rest) }
        if asksForHelp { return .help(HelpPage.page(of: entry, tool: tool)) }
        do {
            return .run(try entry.parse(line.options + line.rest), name: entry.name)
        } catch {
            var error = misplaced(error, line.options + line.rest, entry)
            error.hint = error.hint ?? "run '\(tool) help \(entry.name)' for what it takes."
            throw error
        }
    }

    /// The page that `help WORDS` prints: a command's, a family's, or the overview.
    package func helpPage(for words: [String]) throws(UsageError) -> String {
        guard !words.isEmpty, words != ["help"] else { return HelpPage.overview(of: self) }
        if let entry = entry(named: words) { return HelpPage.page(of: entry, tool: tool) }
        guard case .help(let page) = try family(words, true, []) else { return "" }
        return page
    }

    func entry(named words: [String]) -> CommandEntry<Context>? {
        let name = words.joined(separator: " ")
        return commands.first { $0.name == name }
    }

    /// The names of options that a value must follow, over all commands.
    var optionsWithValue: Set<String> {
        Set(commands.flatMap(\.arguments).filter(\.takesValue).flatMap(\.names))
    }
}

extension CommandTree {
    /// A command line in three parts: what stands before the verb, the verb's words, what follows.
    private struct Line {
        var options: [String] = []
        var verbs: [String] = []
        var rest: [String] = []
    }

    private func split(_ words: [String]) -> Line {
        var line = Line()
        var rest = words[...]
        let withValue = optionsWithValue
        while let word = rest.first, word.hasPrefix("-"), word != "--" {
            line.options.append(word)
            rest = rest.dropFirst()
            if withValue.contains(word), let value = rest.popFirst() { line.options.append(value) }
        }
        while let word = rest.first, line.verbs.isEmpty || isFamily(line.verbs), !word.hasPrefix("-") {
            line.verbs.append(word)
            rest = rest.dropFirst()
        }
        line.rest = Array(rest)
        return line
    }

    /// Whether commands are nested under these words.
    private func isFamily(_ words: [String]) -> Bool {
        commands.contains { $0.path.count > words.count && Array($0.path.prefix(words.count)) == words }
    }

    /// The answer to a verb that is no command of its own.
    private func family(
        _ words: [String],
        _ asksForHelp: Bool,
        _ rest: [String]
    ) throws(UsageError) -> Invocation<Context> {
        if isFamily(words) {
            if asksForHelp { return .help(HelpPage.family(words, in: self)) }
            throw UsageError(
                "'\(words.joined(separator: " "))' needs a verb",
                cause: "it is a family of commands",
                hint: verbsHint(words)
            )
        }
        let parent = Array(words.dropLast())
        if !parent.isEmpty, isFamily(parent), let last = words.last {
            let near = Suggestion.nearest(to: last, in: verbs(under: parent))
            throw UsageError(
                "unknown verb '\(last)' for '\(parent.joined(separator: " "))'",
                cause: "no command has that name",
                hint: near.map { "did you mean '\($0)'?" } ?? verbsHint(parent)
            )
        }
        let typed = words.joined(separator: " ")
        let near = Suggestion.nearest(to: typed, in: verbs(under: []) + commands.map(\.name) + ["help"])
        throw UsageError(
            "unknown command '\(typed)'",
            cause: "no command has that name",
            hint: near.map { "did you mean '\($0)'?" } ?? "run '\(tool) help' for the list."
        )
    }

    private func verbs(under words: [String]) -> [String] {
        var verbs: [String] = []
        for path in commands.map(\.path) where path.count > words.count && Array(path.prefix(words.count)) == words {
            if !verbs.contains(path[words.count]) { verbs.append(path[words.count]) }
        }
        return verbs
    }

    private func verbsHint(_ words: [String]) -> String {
        "use one of: \(verbs(under: words).joined(separator: ", "))."
    }

    /// Says where an option belongs that this command does not have but another one has.
    private func misplaced(_ error: UsageError, _ words: [String], _ entry: CommandEntry<Context>) -> UsageError {
        guard error.message.hasPrefix("unknown option") else { return error }
        let own = Set(entry.arguments.flatMap(\.names))
        for word in words.prefix(while: { $0 != "--" }) where word.hasPrefix("-") {
            let name = String(word.prefix { $0 != "=" })
            guard !own.contains(name), error.message.contains("'\(name)'") else { continue }
            let owners = commands.filter { $0.arguments.contains { $0.names.contains(name) } }.map(\.name)
            guard !owners.isEmpty else { continue }
            return UsageError(
                "option '\(name)' does not belong to '\(entry.name)'",
                cause: "only other commands know it",
                hint: error.hint ?? "use it with: \(owners.joined(separator: ", "))."
            )
        }
        return error
    }
}
