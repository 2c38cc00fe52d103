extension CommandTree {
    func zshCompletion() -> String {
        let name = "_\(shellName)"
        let known = completionPlaces.map(\.path).filter { !$0.isEmpty }.map { "\"\($0)\"" }.joined(separator: "|")
        let withValue = optionsWithValue.sorted().joined(separator: "|")
        return """
            #compdef \(tool)
            # zsh completion for \(tool); put it as \(name) into a folder of $fpath,
            # or load it with: source <(\(tool) completion zsh)
            \(name)() {
                local verbs="" skip="" word i at=1
                for ((i = 2; i < CURRENT; i++)); do
                    word="${words[i]}"
                    if [[ -n $skip ]]; then
                        skip=""
                        continue
                    fi
                    case "$word" in
                        (\(withValue.isEmpty ? "''" : withValue)) skip=yes ;;
                        (-*) ;;
                        (*)
                            case "${verbs:+$verbs }$word" in
                                (\(known)) verbs="${verbs:+$verbs }$word"; at=$i ;;
                            esac
                            ;;
                    esac
                done
                # _arguments reads the verb as if it were the command.
                words=("${(@)words[at,-1]}")
                ((CURRENT -= at - 1))
                case "$verbs" in
            \(completionPlaces.map(zshPlace).joined())    esac
            }
            if [[ $funcstack[1] == \(name) ]]; then
                \(name) "$@"
            else
                compdef \(name) \(tool)
            fi

            """
    }

    private func zshPlace(_ place: CompletionPlace) -> String {
        var specs = place.arguments.flatMap(zshSpecs)
        specs.append("'(-h --help)'{-h,--help}'[Show this help]'")
        if place.path.isEmpty { specs.append("'--version[Show the version]'") }
        if !place.verbs.isEmpty {
            let list = place.verbs.map { "\(zshEscaped($0.word))\\:\"\(zshEscaped($0.summary))\"" }.joined(
                separator: " "
            )
            specs.append("'1:command:((\(list)))'")
        }
        // Options before the verb belong to the verb that is still to come: only the word being typed counts.
        let alone = place.verbs.isEmpty ? "" : "words=(\"$words[1]\" \"$words[CURRENT]\"); CURRENT=2\n            "
        return "        (\"\(place.path)\")\n            \(alone)_arguments -s "
            + specs.joined(separator: " \\\n                ") + " ;;\n"
    }

    private func zshSpecs(_ argument: ArgumentDescription) -> [String] {
        let action = zshAction(argument.completion)
        if argument.shape == .positional {
            let place = argument.isRepeated ? "*" : argument.isRequired ? "" : ":"
            return ["'\(place):\(zshEscaped(argument.valueName)):\(action)'"]
        }
        let tail = "[\(zshEscaped(argument.help))]" + (argument.takesValue ? ":\(argument.valueName):\(action)" : "")
        let suffix = { (name: String) in argument.takesValue ? name + (name.hasPrefix("--") ? "=" : "+") : name }
        return argument.names.map { name in
            let excluded = argument.isRepeated ? "*" : "(\(argument.names.joined(separator: " ")))"
            return "'\(excluded)\(suffix(name))\(tail)'"
        }
    }

    private func zshAction(_ completion: ValueCompletion) -> String {
        switch completion {
        case .nothing: " "
        case .files: "_files"
        case .directories: "_files -/"
        case .words(let words): "(\(words.joined(separator: " ")))"
        }
    }

    /// Text inside a single-quoted `_arguments` spec.
    private func zshEscaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "'": result += "'\\''"
            case "[", "]", ":", "\\", "\"", "$", "`": result += "\\" + String(character)
            default: result.append(character)
            }
        }
        return result
    }
}
