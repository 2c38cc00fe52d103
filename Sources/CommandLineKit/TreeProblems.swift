extension CommandTree {
    /// What is wrong with the tables, one sentence each; a test holds the list empty.
    package func problems() -> [String] {
        var problems = duplicates(commands.map(\.name)).map { "two commands are called '\($0)'" }
        for entry in commands { problems += self.problems(of: entry) }
        let withValue = optionsWithValue
        for entry in commands {
            for flag in entry.arguments where flag.shape == .flag {
                // Options before the verb are read without knowing the command, so a name means one shape everywhere.
                for name in flag.names where withValue.contains(name) {
                    problems.append("'\(name)' is a flag of '\(entry.name)' and takes a value elsewhere")
                }
            }
        }
        return problems + wide(HelpPage.overview(of: self), "the overview")
    }

    private func problems(of entry: CommandEntry<Context>) -> [String] {
        var problems: [String] = []
        let label = "'\(entry.name)'"
        if entry.summary.isEmpty { problems.append("\(label) has no summary") }
        if entry.summary.hasSuffix(".") { problems.append("the summary of \(label) ends with a full stop") }
        if entry.examples.isEmpty { problems.append("\(label) has no example") }
        for example in entry.examples where !example.line.contains(tool) {
            problems.append("an example of \(label) does not call '\(tool)'")
        }
        if entry.exitStatuses.isEmpty { problems.append("\(label) lists no exit status") }
        problems += duplicates(entry.arguments.flatMap(\.names) + ArgumentDescription.help.names)
            .map { "\(label) has two arguments called '\($0)'" }
        for argument in entry.arguments { problems += self.problems(of: argument, label) }
        let positionals = entry.arguments.filter { $0.shape == .positional }
        for (one, next) in zip(positionals, positionals.dropFirst()) {
            if one.isRepeated { problems.append("\(one.valueName) of \(label) swallows \(next.valueName)") }
            if next.isRequired, !one.isRequired {
                problems.append("\(next.valueName) of \(label) is required after an optional one")
            }
        }
        return problems + wide(HelpPage.page(of: entry, tool: tool), "the help of \(label)")
    }

    private func problems(of argument: ArgumentDescription, _ label: String) -> [String] {
        var problems: [String] = []
        let place = "\(argument.longName) of \(label)"
        if argument.help.isEmpty { problems.append("\(place) has no help") }
        if argument.help.hasSuffix(".") { problems.append("the help of \(place) ends with a full stop") }
        if argument.shape != .flag, argument.valueName.isEmpty { problems.append("\(place) names no value") }
        if argument.valueName != argument.valueName.uppercased() {
            problems.append("the value of \(place) is not in capitals")
        }
        if argument.shape != .positional, argument.names.isEmpty {
            problems.append("an option of \(label) has no name")
        }
        for name in argument.names where !isOptionName(name) {
            problems.append("'\(name)' of \(label) is not an option's name")
        }
        return problems
    }

    private func isOptionName(_ name: String) -> Bool {
        name.wholeMatch(of: /-[A-Za-z]|--[a-z][a-z0-9]*(-[a-z0-9]+)*/) != nil
    }

    private func wide(_ page: String, _ label: String) -> [String] {
        page.split(separator: "\n").filter { $0.count > HelpPage.width }
            .map { "\(label) has a line of \($0.count) columns: \($0)" }
    }

    private func duplicates(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { !seen.insert($0).inserted }
    }
}
