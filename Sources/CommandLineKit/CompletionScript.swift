/// A shell that can complete our command lines.
package enum Shell: String, CaseIterable, ArgumentValue {
    case bash
    case zsh
    case fish
}

extension CommandTree {
    /// The script that teaches a shell to complete this tool's command lines, written from the parser's own tables.
    package func completionScript(for shell: Shell) -> String {
        switch shell {
        case .bash: bashCompletion()
        case .zsh: zshCompletion()
        case .fish: fishCompletion()
        }
    }

    /// A place on the command line: the verb's words so far, and what may come next.
    struct CompletionPlace {
        var path: String
        var verbs: [(word: String, summary: String)]
        var arguments: [ArgumentDescription]
    }

    /// Every place, the bare tool first.
    var completionPlaces: [CompletionPlace] {
        var paths = [""]
        for entry in commands {
            for length in 1...max(1, entry.path.count) {
                let path = entry.path.prefix(length).joined(separator: " ")
                if !paths.contains(path) { paths.append(path) }
            }
        }
        return paths.map { path in
            CompletionPlace(
                path: path,
                verbs: nextVerbs(after: path),
                arguments: commands.first { $0.name == path }?.arguments ?? []
            )
        }
    }

    private func nextVerbs(after path: String) -> [(word: String, summary: String)] {
        let words = path.split(separator: " ").map(String.init)
        var verbs: [(word: String, summary: String)] = []
        for entry in commands where entry.path.count > words.count && Array(entry.path.prefix(words.count)) == words {
            let word = entry.path[words.count]
            guard !verbs.contains(where: { $0.word == word }) else { continue }
            verbs.append((word, entry.path.count == words.count + 1 ? entry.summary : "\(word) commands"))
        }
        if words.isEmpty { verbs.append(("help", "Explain a command")) }
        return verbs
    }

    /// A shell function's name made from the tool's.
    var shellName: String { tool.replacing("-", with: "_") }
}

extension String {
    /// The text inside single quotes, as a POSIX shell and zsh read it.
    var singleQuoted: String { "'" + replacing("'", with: "'\\''") + "'" }
}
