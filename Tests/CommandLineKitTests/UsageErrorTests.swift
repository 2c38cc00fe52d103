import CommandLineKit
import Testing

/// A line nobody can read, and what is said about it.
///
/// A hint of nil stands for the way to the command's own page.
private let table: [(line: String, message: String, cause: String, hint: String?)] = [
    ("svae", "unknown command 'svae'", "no command has that name", "did you mean 'save'?"),
    ("frobnicate", "unknown command 'frobnicate'", "no command has that name", "run 'ark help' for the list."),
    ("store", "'store' needs a verb", "it is a family of commands", "use one of: init, check."),
    ("store chekc", "unknown verb 'chekc' for 'store'", "no command has that name", "did you mean 'check'?"),
    (
        "store frobnicate", "unknown verb 'frobnicate' for 'store'",
        "no command has that name", "use one of: init, check."
    ),
    ("help svae", "unknown command 'svae'", "no command has that name", "did you mean 'save'?"),
    ("--verbose", "no command is given", "there are only options", "run 'ark help' for the list."),
    ("save --into /x --jbos 3", "unknown option '--jbos'", "'save' has no such option", "did you mean '--jobs'?"),
    ("save --into /x --frobnicate", "unknown option '--frobnicate'", "'save' has no such option", nil),
    ("save --into /x -x", "unknown option '-x'", "'save' has no such option", nil),
    ("save --into /x -nx", "unknown option '-x' in '-nx'", "'save' has no such option", nil),
    ("save --into /x -jobs", "'obs' is not a valid value for '-j'", "it takes a whole number from 1 to 64", nil),
    ("save --into", "option '--into' needs a value", "nothing follows it", "write '--into DIR'."),
    (
        "save --into --jobs 3", "option '--into' needs a value",
        "'--jobs' follows it, another option", "write '--into=VALUE' for a value that begins with '-'."
    ),
    ("save --into /x --jobs", "option '--jobs' needs a value", "nothing follows it", "write '--jobs COUNT'."),
    (
        "save --into /x --jobs many", "'many' is not a valid value for '--jobs'",
        "it takes a whole number from 1 to 64", nil
    ),
    ("save --into /x --jobs 65", "'65' is not a valid value for '--jobs'", "it takes a whole number from 1 to 64", nil),
    ("save --into /x --level 0", "'0' is not a valid value for '--level'", "it takes a whole number from 1 to 19", nil),
    (
        "save --into /x --format jsno", "'jsno' is not a valid value for '--format'",
        "it takes one of: table, json", "did you mean 'json'?"
    ),
    ("save --into /x --format yaml", "'yaml' is not a valid value for '--format'", "it takes one of: table, json", nil),
    ("save --into /x -n=1 ", "unknown option '-=' in '-n=1'", "'save' has no such option", nil),
    ("save --into /x --dry-run=yes", "option '--dry-run' takes no value", "it is a switch", "write '--dry-run' alone."),
    ("save --into /x --into /y", "option '--into' is given twice", "it takes one value", "keep one of them."),
    ("save --into /x -j 3 --jobs 4", "option '--jobs' is given twice", "it takes one value", "keep one of them."),
    ("save", "missing option '--into'", "'save' cannot do without it", "add --into DIR: save into DIR."),
    ("show", "missing argument POINT", "'show' cannot do without it", "add POINT: which one."),
    (
        "show a b c d", "unexpected argument 'c' for 'show'",
        "it takes POINT FILE, and there are 2 more", "leave it out, or quote words that belong together."
    ),
    (
        "store check now", "unexpected argument 'now' for 'store check'",
        "it takes options only", "leave it out, or quote words that belong together."
    ),
    (
        "show --jobs 3 a", "option '--jobs' does not belong to 'show'",
        "only other commands know it", "use it with: save."
    ),
    (
        "--jobs 3 show a", "option '--jobs' does not belong to 'show'",
        "only other commands know it", "use it with: save."
    ),
    (
        "store check --config x", "option '--config' does not belong to 'store check'",
        "only other commands know it", "use it with: save, show."
    ),
]

@Suite("A mistake on the command line is named, and its remedy")
struct UsageErrorTests {
    @Test("each mistake has its exact lines")
    func lines() throws {
        for (line, message, cause, hint) in table {
            let error = #expect(throws: UsageError.self, "\(line)") { try sampleTree.parse(words(line)) }
            #expect(error?.message == message, "\(line)")
            #expect(error?.cause == cause, "\(line)")
            let verb = words(line).first { !$0.hasPrefix("-") } ?? ""
            #expect(error?.hint == hint ?? "run 'ark help \(verb)' for what it takes.", "\(line)")
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
