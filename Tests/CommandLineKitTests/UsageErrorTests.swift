import CommandLineKit
import Testing

/// A line nobody can read, and what is said about it: message, then hint.
private let table: [(line: String, message: String, hint: String?)] = [
    ("svae", "unknown command 'svae'", "did you mean 'save'?"),
    ("frobnicate", "unknown command 'frobnicate'", "run 'ark help' for the list."),
    ("store", "'store' needs a verb", "use one of: init, check."),
    ("store chekc", "unknown verb 'chekc' for 'store'", "did you mean 'check'?"),
    ("store frobnicate", "unknown verb 'frobnicate' for 'store'", "use one of: init, check."),
    ("help svae", "unknown command 'svae'", "did you mean 'save'?"),
    ("--verbose", "no command is given", "run 'ark help' for the list."),
    ("save --into /x --jbos 3", "unknown option '--jbos'", "did you mean '--jobs'?"),
    ("save --into /x --frobnicate", "unknown option '--frobnicate'", nil),
    ("save --into /x -x", "unknown option '-x'", nil),
    ("save --into /x -nx", "unknown option '-x' in '-nx'", nil),
    ("save --into /x -jobs", "'obs' is not a valid value for '-j'", "use a whole number from 1 to 64."),
    ("save --into", "option '--into' needs a value: DIR", "use a text."),
    (
        "save --into --jobs 3", "option '--into' needs a value: DIR",
        "write '--into=VALUE' for a value that begins with '-'."
    ),
    ("save --into /x --jobs", "option '--jobs' needs a value: COUNT", "use a whole number from 1 to 64."),
    ("save --into /x --jobs many", "'many' is not a valid value for '--jobs'", "use a whole number from 1 to 64."),
    ("save --into /x --jobs 65", "'65' is not a valid value for '--jobs'", "use a whole number from 1 to 64."),
    ("save --into /x --level 0", "'0' is not a valid value for '--level'", "use a whole number from 1 to 19."),
    ("save --into /x --format jsno", "'jsno' is not a valid value for '--format'", "did you mean 'json'?"),
    ("save --into /x --format yaml", "'yaml' is not a valid value for '--format'", "use one of: table, json."),
    ("save --into /x -n=1 ", "unknown option '-=' in '-n=1'", nil),
    ("save --into /x --dry-run=yes", "option '--dry-run' takes no value", "write '--dry-run' alone."),
    ("save --into /x --into /y", "option '--into' is given twice", "keep one of them."),
    ("save --into /x -j 3 --jobs 4", "option '--jobs' is given twice", "keep one of them."),
    ("save", "missing option '--into'", "add --into DIR: save into DIR."),
    ("show", "missing argument POINT", "add POINT: which one."),
    ("show a b c d", "unexpected argument 'c' for 'show'", "give only POINT FILE, 2 too many."),
    ("store check now", "unexpected argument 'now' for 'store check'", "'store check' takes options only."),
    ("show --jobs 3 a", "option '--jobs' does not belong to 'show'", "use it with: save."),
    ("--jobs 3 show a", "option '--jobs' does not belong to 'show'", "use it with: save."),
    ("store check --config x", "option '--config' does not belong to 'store check'", "use it with: save, show."),
]

@Suite("A mistake on the command line is named, and its remedy")
struct UsageErrorTests {
    @Test("each mistake has its exact lines")
    func lines() throws {
        for (line, message, hint) in table {
            let error = #expect(throws: UsageError.self, "\(line)") { try sampleTree.parse(words(line)) }
            #expect(error?.message == message, "\(line)")
            #expect(error?.hint == hint, "\(line)")
        }
    }

    @Test("a suggestion is one slip away per three letters, a swap of neighbours is one slip")
    func suggestions() {
        #expect(Suggestion.nearest(to: "retenton", in: ["retention", "repositories"]) == "retention")
        #expect(Suggestion.nearest(to: "bakcup", in: ["backup"]) == "backup")
        #expect(Suggestion.nearest(to: "chekc", in: ["check"]) == "check")
        #expect(Suggestion.nearest(to: "xyz", in: ["backup", "points"]) == nil)
        #expect(Suggestion.nearest(to: "a", in: ["b"]) == nil)
        #expect(Suggestion.nearest(to: "", in: ["b"]) == nil)
        #expect(Suggestion.nearest(to: "pint", in: ["points", "print"]) == "print")
    }
}
