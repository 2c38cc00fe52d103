import CommandLineKit
import Testing

@Suite("Help says all there is, in 80 columns")
struct HelpPageTests {
    @Test("a command's page lists usage, arguments with defaults, examples and exit statuses")
    func page() throws {
        #expect(
            try sampleTree.helpPage(for: ["save"]) == """
                Save things.

                Usage: ark save [OPTIONS] --into DIR [NAME...]

                Saves everything that is named, or all there is.

                It's safe to run twice.

                Arguments:
                  NAME...              What to save

                Options:
                      --into DIR       Save into DIR (required)
                  -j, --jobs COUNT     Things saved at once (1 to 64; default: 4)
                      --level N        How hard to press (1 to 19)
                      --format FORMAT  How to print the result (table, json; default: table)
                  -t, --tag TAG        Attach TAG (may be repeated)
                  -n, --dry-run        Print the plan and stop
                      --no-sync        Do not wait for the disk
                  -h, --help           Show this help

                General options:
                  -c, --config PATH    Read settings from PATH
                  -v, --verbose        Say more

                Examples:
                  Save all into a folder:
                    ark save --into /tmp/ark

                Exit status:
                    0  everything was saved
                    3  some was saved

                """
        )
    }

    @Test("the overview lists every command under its heading")
    func overview() throws {
        #expect(
            try sampleTree.helpPage(for: []) == """
                Keeps things safe.

                Usage: ark COMMAND [OPTIONS]

                Everyday:
                  save         Save things
                  show         Describe one thing

                Stores:
                  store init   Create a store
                  store check  Check a store

                Run 'ark help COMMAND' for the options, examples and exit statuses of a command.

                Settings are read from ark.json.

                """
        )
    }

    @Test("the words before nested verbs have a page of their own")
    func family() throws {
        let page = try sampleTree.helpPage(for: ["store"])
        #expect(page.hasPrefix("Usage: ark store VERB [OPTIONS]\n"))
        #expect(page.contains("store init") && page.contains("store check") && !page.contains("save"))
    }

    @Test("long texts wrap under their column and never pass 80")
    func wrapping() {
        struct Wordy: Command {
            var value = ""
            static let name = "wordy"
            static let summary = "Speak at length"
            static let discussion = String(repeating: "word ", count: 60)
            static let examples = [CommandExample("Say it", "ark wordy")]
            static let exitStatuses = [CommandExitStatus(0, String(repeating: "fine ", count: 30))]
            static let arguments: [Argument<Self>] = [
                .option(
                    "--an-option-with-a-very-long-name",
                    value: "VALUE",
                    to: \.value,
                    help: String(repeating: "help ", count: 30) + "end"
                )
            ]
            func run(in context: Ran) async throws {}
        }
        let tree = CommandTree<Ran>(
            tool: "ark",
            summary: "x",
            groups: [CommandGroup("All", [CommandEntry(Wordy.self)])]
        )
        #expect(tree.problems() == [])
    }

    @Test("a sound tree has no problems, and each kind of problem is found")
    func problems() {
        #expect(sampleTree.problems() == [])
        struct Sloppy: Command {
            var names: [String] = []
            var last = ""
            var flag = false
            static let name = "save"
            static let summary = "Ends with a stop."
            static let examples: [CommandExample] = []
            static let exitStatuses: [CommandExitStatus] = []
            static let arguments: [Argument<Self>] = [
                .positionals("NAME", to: \.names, help: "Names"),
                .positional("last", to: \.last, help: "Swallowed"),
                .flag("--jobs", "--help", "-xy", to: \.flag, help: ""),
            ]
            func run(in context: Ran) async throws {}
        }
        let tree = CommandTree<Ran>(
            tool: "ark",
            summary: "x",
            groups: [CommandGroup("All", [CommandEntry(SaveCommand.self), CommandEntry(Sloppy.self)])]
        )
        let problems = tree.problems()
        for expected in [
            "two commands are called 'save'", "the summary of 'save' ends with a full stop", "'save' has no example",
            "'save' lists no exit status", "'save' has two arguments called '--help'", "--jobs of 'save' has no help",
            "NAME of 'save' swallows last", "last of 'save' is required after an optional one",
            "the value of last of 'save' is not in capitals", "'-xy' of 'save' is not an option's name",
            "'--jobs' is a flag of 'save' and takes a value elsewhere",
        ] {
            #expect(problems.contains(expected), "\(expected) is not among \(problems)")
        }
    }
}
