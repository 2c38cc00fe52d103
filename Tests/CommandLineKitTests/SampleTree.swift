import CommandLineKit

enum SampleFormat: String, CaseIterable, ArgumentValue {
    case table
    case json
}

struct SharedOptions: Sendable {
    var config: String?
    var verbose = false

    static let arguments: [Argument<Self>] = [
        .option("--config", "-c", value: "PATH", to: \.config, completion: .files, help: "Read settings from PATH"),
        .flag("--verbose", "-v", to: \.verbose, help: "Say more"),
    ]
}

/// Collects what ran.
actor Ran {
    var lines: [String] = []
    func note(_ line: String) { lines.append(line) }
}

struct SaveCommand: Command {
    var shared = SharedOptions()
    var names: [String] = []
    var jobs = 4
    var level: Int?
    var format = SampleFormat.table
    var tags: [String] = []
    var dryRun = false
    var sync = true
    var into = ""

    static let name = "save"
    static let summary = "Save things"
    static let discussion = "Saves everything that is named, or all there is.\n\nIt's safe to run twice."
    static let examples = [CommandExample("Save all into a folder", "ark save --into /tmp/ark")]
    static let exitStatuses = [CommandExitStatus(0, "everything was saved"), CommandExitStatus(3, "some was saved")]
    static let arguments: [Argument<Self>] =
        [
            .positionals("NAME", to: \.names, help: "What to save"),
            .option(
                "--into",
                value: "DIR",
                to: \.into,
                required: true,
                completion: .directories,
                help: "Save into DIR"
            ),
            .option("--jobs", "-j", value: "COUNT", to: \.jobs, in: 1...64, help: "Things saved at once"),
            .option("--level", value: "N", to: \.level, in: 1...19, help: "How hard to press"),
            .option("--format", value: "FORMAT", to: \.format, help: "How to print the result"),
            .options("--tag", "-t", value: "TAG", to: \.tags, help: "Attach TAG"),
            .flag("--dry-run", "-n", to: \.dryRun, help: "Print the plan and stop"),
            .flag("--no-sync", to: \.sync, setting: false, help: "Do not wait for the disk"),
        ] + SharedOptions.arguments.lifted(\.shared, under: "General options")

    func run(in context: Ran) async throws { await context.note("save \(names) \(into)") }
}

struct ShowCommand: Command {
    var shared = SharedOptions()
    var point = ""
    var file: String?

    static let name = "show"
    static let summary = "Describe one thing"
    static let examples = [CommandExample("Describe the newest", "ark show latest")]
    static let exitStatuses = [CommandExitStatus(0, "done")]
    static let arguments: [Argument<Self>] =
        [
            .positional("POINT", to: \.point, help: "Which one"),
            .positional("FILE", to: \.file, completion: .files, help: "Only this file"),
        ] + SharedOptions.arguments.lifted(\.shared, under: "General options")

    func run(in context: Ran) async throws { await context.note("show \(point)") }
}

struct StoreInitCommand: Command {
    var path = ""
    static let name = "store init"
    static let summary = "Create a store"
    static let examples = [CommandExample("Create a store here", "ark store init .")]
    static let exitStatuses = [CommandExitStatus(0, "done")]
    static let arguments: [Argument<Self>] = [.positional("DIR", to: \.path, completion: .directories, help: "Where")]
    func run(in context: Ran) async throws { await context.note("store init \(path)") }
}

struct StoreCheckCommand: Command {
    static let name = "store check"
    static let summary = "Check a store"
    static let examples = [CommandExample("Check it", "ark store check")]
    static let exitStatuses = [CommandExitStatus(0, "done")]
    static let arguments: [Argument<Self>] = []
    func run(in context: Ran) async throws { await context.note("store check") }
}

let sampleTree = CommandTree<Ran>(
    tool: "ark",
    summary: "Keeps things safe.",
    notes: ["Settings are read from ark.json."],
    groups: [
        CommandGroup("Everyday", [CommandEntry(SaveCommand.self), CommandEntry(ShowCommand.self)]),
        CommandGroup("Stores", [CommandEntry(StoreInitCommand.self), CommandEntry(StoreCheckCommand.self)]),
    ]
)

/// The command that a line is read into, or nothing when it asks for help.
func parsed<C: Command>(_ line: String, as type: C.Type) throws -> C? {
    guard case .run(let command, _) = try sampleTree.parse(words(line)) else { return nil }
    return command as? C
}

func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }
