/// Renders help at no more than 80 columns, from the same tables that the parser reads.
package enum HelpPage {
    static let width = 80

    /// The page of one command.
    package static func page<Context>(of entry: CommandEntry<Context>, tool: String) -> String {
        var lines = wrapped(entry.summary + ".", width: width)
        lines += [""] + usage(of: entry, tool: tool)
        if !entry.discussion.isEmpty { lines += [""] + paragraphs(entry.discussion) }
        let arguments = entry.arguments + [.help]
        let column = widest(arguments.map(term))
        for section in sections(of: arguments) {
            let list = section.arguments.map { (term(of: $0), definition(of: $0)) }
            lines += ["", section.title + ":"] + rows(list, termWidth: column)
        }
        if !entry.examples.isEmpty {
            lines += ["", "Examples:"]
            for example in entry.examples {
                lines += wrapped(example.purpose + ":", width: width - 2).map { "  " + $0 }
                lines.append("    " + example.line)
            }
        }
        if !entry.exitStatuses.isEmpty {
            lines +=
                ["", "Exit status:"]
                + rows(
                    entry.exitStatuses.sorted { $0.status < $1.status }.map { (padded($0.status), $0.meaning) }
                )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The list of all commands, by group.
    package static func overview<Context>(of tree: CommandTree<Context>) -> String {
        var lines = wrapped(tree.summary, width: width)
        lines += ["", "Usage: \(tree.tool) COMMAND [OPTIONS]"]
        let column = widest(tree.commands.map(\.name))
        for group in tree.groups {
            let list = group.commands.map { ($0.name, $0.summary) }
            lines += ["", group.title + ":"] + rows(list, termWidth: column)
        }
        lines += ["", "Run '\(tree.tool) help COMMAND' for the options, examples and exit statuses of a command."]
        for note in tree.notes { lines += [""] + wrapped(note, width: width) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The list of the commands nested under some words.
    static func family<Context>(_ words: [String], in tree: CommandTree<Context>) -> String {
        let members = tree.commands.filter { Array($0.path.prefix(words.count)) == words }
        var lines = ["Usage: \(tree.tool) \(words.joined(separator: " ")) VERB [OPTIONS]", ""]
        lines += rows(members.map { ($0.name, $0.summary) })
        return lines.joined(separator: "\n") + "\n"
    }
}

extension HelpPage {
    private static func usage<Context>(of entry: CommandEntry<Context>, tool: String) -> [String] {
        var words = ["[OPTIONS]"]
        for option in entry.arguments where option.isRequired && option.takesValue {
            words.append("\(option.longName) \(option.valueName)")
        }
        for argument in entry.arguments where argument.shape == .positional {
            let name = argument.valueName + (argument.isRepeated ? "..." : "")
            words.append(argument.isRequired ? name : "[\(name)]")
        }
        let start = "Usage: \(tool) \(entry.name) "
        let body = wrapped(words.joined(separator: " "), width: width - start.count)
        return body.enumerated().map { $0.offset == 0 ? start + $0.element : spaces(start.count) + $0.element }
    }

    /// The arguments by heading, headings in order of first appearance, positionals before options.
    private static func sections(
        of arguments: [ArgumentDescription]
    ) -> [(title: String, arguments: [ArgumentDescription])] {
        var titles: [String] = []
        for argument in arguments.filter({ $0.shape == .positional }) + arguments.filter({ $0.shape != .positional })
        where !titles.contains(argument.section) {
            titles.append(argument.section)
        }
        return titles.map { title in (title, arguments.filter { $0.section == title }) }
    }

    private static func term(of argument: ArgumentDescription) -> String {
        guard argument.shape != .positional else { return argument.valueName + (argument.isRepeated ? "..." : "") }
        let short = argument.names.filter { !$0.hasPrefix("--") }
        let long = argument.names.filter { $0.hasPrefix("--") }
        let names = (short.isEmpty ? "    " : "") + (short + long).joined(separator: ", ")
        return argument.takesValue ? "\(names) \(argument.valueName)" : names
    }

    private static func definition(of argument: ArgumentDescription) -> String {
        var notes: [String] = []
        if !argument.allowed.isEmpty { notes.append(argument.allowed.joined(separator: ", ")) }
        if let range = argument.expected.firstRange(of: " from ") {
            notes.append(String(argument.expected[range.upperBound...]))
        }
        if argument.takesValue, argument.isRepeated { notes.append("may be repeated") }
        if argument.takesValue, argument.isRequired { notes.append("required") }
        if !argument.defaultValue.isEmpty { notes.append("default: \(argument.defaultValue)") }
        return argument.help + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))")
    }

    /// The width of a column for these terms; the few that are very long do not count.
    private static func widest(_ terms: [String]) -> Int { terms.map(\.count).filter { $0 <= 26 }.max() ?? 0 }

    /// Two columns; a term too long for its column gets a line of its own.
    private static func rows(_ list: [(term: String, definition: String)], termWidth: Int? = nil) -> [String] {
        let indent = (termWidth ?? widest(list.map(\.term))) + 4
        var lines: [String] = []
        for row in list {
            let body = wrapped(row.definition, width: width - indent)
            var left = "  " + row.term
            if left.count > indent - 2 {
                lines.append(left)
                left = ""
            }
            for line in body {
                lines.append(left + spaces(indent - left.count) + line)
                left = ""
            }
        }
        return lines
    }

    /// Paragraphs parted by empty lines; a line that begins with a space stands as it is.
    private static func paragraphs(_ text: String) -> [String] {
        var lines: [String] = []
        var words: [Substring] = []
        func flush() {
            if !words.isEmpty { lines += wrapped(words.joined(separator: " "), width: width) }
            words = []
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty || line.hasPrefix(" ") {
                flush()
                lines.append(String(line))
            } else {
                words.append(line)
            }
        }
        flush()
        return lines
    }

    private static func padded(_ status: Int32) -> String { spaces(3 - String(status).count) + String(status) }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}

/// The text broken between words into lines of at most `width` characters; a longer word stands alone.
package func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
        if !line.isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            line = ""
        }
        line += line.isEmpty ? String(word) : " " + word
    }
    return lines + (line.isEmpty && !lines.isEmpty ? [] : [line])
}
