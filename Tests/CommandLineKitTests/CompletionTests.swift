import CommandLineKit
import Diagnostics
import Glibc
import Testing

@Suite("Shells complete from the parser's own tables")
struct CompletionTests {
    /// What bash offers when Tab is pressed at the end of `line`.
    private func bashOffers(_ line: String, in folder: String = "/") throws -> [String] {
        let typed = words(line) + (line.hasSuffix(" ") ? [""] : [])
        // bash itself cuts words at '='; a script that calls the function must do the same.
        let list = typed.map { "'\($0)'" }.joined(separator: " ")
        let script = """
            cd '\(folder)'
            compopt() { :; }
            \(sampleTree.completionScript(for: .bash))
            COMP_WORDS=(\(list)); COMP_CWORD=\(typed.count - 1)
            _ark
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        return try output(of: "/bin/bash", ["-c", script]).split(separator: "\n").map(String.init)
    }

    @Test("bash offers verbs, nested verbs, options, words and files, each in its place")
    func bash() throws {
        #expect(try bashOffers("ark s") == ["save", "show", "store"])
        #expect(try bashOffers("ark store ") == ["init", "check", "--help", "-h"])
        #expect(try bashOffers("ark save --j") == ["--jobs"])
        #expect(try bashOffers("ark save --format ") == ["table", "json"])
        #expect(try bashOffers("ark save --format = j") == ["json"])
        #expect(try bashOffers("ark save --format =") == ["table", "json"])
        #expect(try bashOffers("ark save --jobs ") == [])
        #expect(try bashOffers("ark save --config /usr/bi") == ["/usr/bin"])
        #expect(try bashOffers("ark --config save sh") == ["show"])
        #expect(try bashOffers("ark store init /usr/bi") == ["/usr/bin"])
        #expect(try bashOffers("ark --v") == ["--version"])
    }

    @Test("bash finds no fault with its script")
    func bashSyntax() throws {
        _ = try output(of: "/bin/bash", ["-n", "-c", sampleTree.completionScript(for: .bash)])
    }

    @Test("zsh finds no fault with its script", .enabled(if: access("/usr/bin/zsh", X_OK) == 0, "zsh is not installed"))
    func zshSyntax() throws {
        _ = try output(of: "/usr/bin/zsh", ["-f", "-n", "-c", sampleTree.completionScript(for: .zsh)])
    }

    @Test("fish offers what bash does", .enabled(if: access("/usr/bin/fish", X_OK) == 0, "fish is not installed"))
    func fish() throws {
        func offers(_ line: String) throws -> [String] {
            let script = sampleTree.completionScript(for: .fish) + "complete -C '\(line)'"
            return try output(of: "/usr/bin/fish", ["--no-config", "-c", script]).split(separator: "\n")
                .map { String($0.prefix { $0 != "\t" }) }
        }
        #expect(try offers("ark s") == ["save", "show", "store"])
        #expect(try offers("ark store ") == ["check", "init"])
        #expect(try offers("ark save --j") == ["--jobs"])
        #expect(try offers("ark save --format ") == ["json", "table"])
        #expect(try offers("ark --config save sh") == ["show"])
    }

    @Test("zsh and fish scripts name every option of every command")
    func everyOption() {
        let zsh = sampleTree.completionScript(for: .zsh)
        let fish = sampleTree.completionScript(for: .fish)
        #expect(zsh.hasPrefix("#compdef ark\n"))
        #expect(zsh.contains("'(--jobs -j)--jobs=[Things saved at once]:COUNT: '"))
        #expect(zsh.contains("'*--tag=[Attach TAG]:TAG: '"))
        #expect(zsh.contains("'1:POINT: '") || zsh.contains("':POINT: '"))
        #expect(
            fish.contains(
                "complete -c ark -n '__ark_at save' -l format -x -a 'table json' -d 'How to print the result'"
            )
        )
        #expect(fish.contains("complete -c ark -n '__ark_at store' -a 'init' -d 'Create a store'"))
        for entry in sampleTree.commands {
            for name in entry.arguments.flatMap(\.names) {
                #expect(zsh.contains(name), "\(name)")
                #expect(
                    fish.contains(name.hasPrefix("--") ? "-l \(name.dropFirst(2))" : "-s \(name.dropFirst())"),
                    "\(name)"
                )
            }
        }
    }

    @Test("the dump is one JSON object with every command and argument in it")
    func dump() throws {
        let dump = sampleTree.dump()
        #expect(dump.hasPrefix("{\n  \"schema\": 1,\n  \"tool\": \"ark\","))
        #expect(dump.hasSuffix("}\n"))
        for entry in sampleTree.commands {
            #expect(dump.contains("\"name\": \"\(entry.name)\""))
            for argument in entry.arguments { #expect(dump.contains("\"\(argument.longName)\"")) }
        }
        let program = "import json,sys; print(len(json.load(sys.stdin)['groups']))"
        if access("/usr/bin/python3", X_OK) == 0 {
            #expect(try output(of: "/usr/bin/python3", ["-c", program], input: dump) == "2\n")
        }
    }
}
