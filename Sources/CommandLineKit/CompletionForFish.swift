extension CommandTree {
    func fishCompletion() -> String {
        let name = "__\(shellName)_at"
        let known = completionPlaces.map(\.path).filter { !$0.isEmpty }.map(fishQuoted).joined(separator: " ")
        let withValue = optionsWithValue.sorted().joined(separator: " ")
        return """
            # fish completion for \(tool); load it with: \(tool) completion fish | source
            function \(name) --description 'Whether the verbs typed so far are exactly these'
                set -l verbs
                set -l skip
                for word in (commandline -opc)[2..-1]
                    if test -n "$skip"
                        set skip
                        continue
                    end
                    if contains -- $word \(withValue)
                        set skip yes
                    else if contains -- (string join ' ' -- $verbs $word) \(known)
                        set -a verbs $word
                    end
                end
                test "$verbs" = "$argv"
            end
            complete -c \(tool) -f
            complete -c \(tool) -s h -l help -d 'Show this help'

            """ + completionPlaces.flatMap { fishLines($0, name) }.map { $0 + "\n" }.joined()
    }

    private func fishLines(_ place: CompletionPlace, _ function: String) -> [String] {
        let start = "complete -c \(tool) -n \(fishQuoted(place.path.isEmpty ? function : "\(function) \(place.path)"))"
        let verbs = place.verbs.map { "\(start) -a \(fishQuoted($0.word)) -d \(fishQuoted($0.summary))" }
        let version = place.path.isEmpty ? ["\(start) -l version -d 'Show the version'"] : []
        return verbs + version + place.arguments.compactMap { fishLine($0, start) }
    }

    private func fishLine(_ argument: ArgumentDescription, _ start: String) -> String? {
        if argument.shape == .positional {
            let action = fishAction(argument.completion)
            return action.isEmpty ? nil : "\(start)\(action)"
        }
        let names = argument.names.map { $0.hasPrefix("--") ? "-l \($0.dropFirst(2))" : "-s \($0.dropFirst(1))" }
        // -r alone would offer files beside the words.
        let isFile = argument.completion == .files
        let value = argument.takesValue ? (isFile ? " -r" : " -x") + fishAction(argument.completion) : ""
        return "\(start) \(names.joined(separator: " "))\(value) -d \(fishQuoted(argument.help))"
    }

    private func fishAction(_ completion: ValueCompletion) -> String {
        switch completion {
        case .nothing: ""
        case .files: " -F"
        case .directories: " -a '(__fish_complete_directories)'"
        case .words(let words): " -a \(fishQuoted(words.joined(separator: " ")))"
        }
    }

    private func fishQuoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}
