extension CommandTree {
    func bashCompletion() -> String {
        let name = "_\(shellName)"
        let known = completionPlaces.map(\.path).filter { !$0.isEmpty }.map { "\"\($0)\"" }.joined(separator: "|")
        return """
            # bash completion for \(tool); load it with: source <(\(tool) completion bash)
            \(name)() {
                local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
                local path="" skip="" words="" word i
                COMPREPLY=()
                # bash cuts --option=value into three words.
                if [[ $cur == "=" ]]; then
                    cur=""
                elif [[ $prev == "=" ]]; then
                    prev="${COMP_WORDS[COMP_CWORD-2]}"
                fi
                for ((i = 1; i < COMP_CWORD; i++)); do
                    word="${COMP_WORDS[i]}"
                    if [[ -n $skip ]]; then
                        [[ $word == "=" ]] || skip=""
                        continue
                    fi
                    case "$word" in
                        \(bashAlternatives(optionsWithValue.sorted()))) skip=yes ;;
                        -*|=) ;;
                        *)
                            case "${path:+$path }$word" in
                                \(known)) path="${path:+$path }$word" ;;
                            esac
                            ;;
                    esac
                done
                case "$path:$prev" in
            \(bashValues)    esac
                case "$path" in
            \(bashWords)    esac
                mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$cur")
            }
            complete -F \(name) \(tool)

            """
    }

    private func bashAlternatives(_ names: [String]) -> String {
        names.isEmpty ? "''" : names.joined(separator: "|")
    }

    /// One case per way to complete a value, naming every option that completes so.
    private var bashValues: String {
        var actions: [String] = []
        var patterns: [String: [String]] = [:]
        for place in completionPlaces {
            for option in place.arguments where option.takesValue {
                let action = bashAction(option.completion)
                if patterns[action] == nil { actions.append(action) }
                patterns[action, default: []] += option.names.map { "\"\(place.path):\($0)\"" }
            }
        }
        return actions.map { action in
            "        \(patterns[action, default: []].joined(separator: "|")))\n            \(action)return ;;\n"
        }.joined()
    }

    private func bashAction(_ completion: ValueCompletion) -> String {
        switch completion {
        case .nothing: ""
        case .files: "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); "
        case .directories: "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); "
        case .words(let words):
            "mapfile -t COMPREPLY < <(compgen -W \"\(words.joined(separator: " "))\" -- \"$cur\"); "
        }
    }

    private var bashWords: String {
        completionPlaces.map { place in
            var words = place.verbs.map(\.word) + place.arguments.flatMap(\.names)
            var action = ""
            for positional in place.arguments where positional.shape == .positional {
                if case .words(let values) = positional.completion { words += values }
                if positional.completion == .files || positional.completion == .directories {
                    action = "\n            [[ $cur == -* ]] || { \(bashAction(positional.completion))}"
                }
            }
            words += ArgumentDescription.help.names + (place.path.isEmpty ? ["--version"] : [])
            return "        \"\(place.path)\")\n            words=\"\(words.joined(separator: " "))\"\(action) ;;\n"
        }.joined()
    }
}
