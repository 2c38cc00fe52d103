import CommandLineKit
import Testing

@Suite("A command line is read as it is meant")
struct ArgumentScanTests {
    @Test("options are read in every spelling")
    func spellings() throws {
        for line in [
            "save a b --into /x --jobs 8 --dry-run", "save a --into=/x b --jobs=8 -n", "save -nj8 --into /x a b",
            "save -n -j=8 --into /x -- a b", "--jobs 8 save --into /x a b -n", "save -j 8 -n a --into /x b",
        ] {
            let save = try #require(try parsed(line, as: SaveCommand.self), "\(line)")
            #expect(save.names == ["a", "b"], "\(line)")
            #expect(save.into == "/x" && save.jobs == 8 && save.dryRun, "\(line)")
        }
    }

    @Test("what is not given keeps its default")
    func defaults() throws {
        let save = try #require(try parsed("save --into /x", as: SaveCommand.self))
        #expect(save.jobs == 4 && save.level == nil && save.format == .table && save.tags.isEmpty)
        #expect(save.sync && !save.dryRun && save.shared.config == nil)
    }

    @Test("repeated options keep their order, lifted groups fill their own struct, negative flags clear")
    func groups() throws {
        let save = try #require(
            try parsed("save --into /x -t one --tag=two --no-sync -vc f --level 19", as: SaveCommand.self)
        )
        #expect(save.tags == ["one", "two"])
        #expect(!save.sync && save.shared.verbose && save.shared.config == "f" && save.level == 19)
    }

    @Test("a dash alone, a number and everything after two dashes are plain words")
    func dashes() throws {
        let show = try #require(try parsed("show - -5", as: ShowCommand.self))
        #expect(show.point == "-" && show.file == "-5")
        let save = try #require(try parsed("save --into /x -- --jobs -n", as: SaveCommand.self))
        #expect(save.names == ["--jobs", "-n"] && save.jobs == 4)
    }

    @Test("an empty value and a value with an equals sign survive")
    func values() throws {
        #expect(try parsed("save --into=", as: SaveCommand.self)?.into == "")
        #expect(try parsed("save --into=a=b", as: SaveCommand.self)?.into == "a=b")
        #expect(try parsed("save --into=-x", as: SaveCommand.self)?.into == "-x")
    }

    @Test("nested verbs reach their command")
    func nested() async throws {
        let ran = Ran()
        guard case .run(let command, let name) = try sampleTree.parse(["store", "init", "/tmp/s"]) else {
            Issue.record("no command")
            return
        }
        #expect(name == "store init")
        func run(_ command: some Command<Ran>) async throws { try await command.run(in: ran) }
        try await run(command)
        #expect(await ran.lines == ["store init /tmp/s"])
    }

    @Test("help and version are asked for from anywhere before two dashes")
    func help() throws {
        for line in ["save --help", "save -h", "--help save", "help save", "save --into /x -j 2 --help", "-h save"] {
            guard case .help(let page) = try sampleTree.parse(words(line)) else {
                Issue.record("'\(line)' is no call for help")
                continue
            }
            #expect(page.hasPrefix("Save things."), "\(line)")
        }
        for line in ["", "help", "--help"] {
            guard case .help(let page) = try sampleTree.parse(words(line)) else {
                Issue.record("'\(line)' is no call for help")
                continue
            }
            #expect(page.hasPrefix("Keeps things safe."), "\(line)")
        }
        guard case .version = try sampleTree.parse(["--version"]) else {
            Issue.record("no version")
            return
        }
        guard case .run = try sampleTree.parse(words("save --into /x -- --help")) else {
            Issue.record("a word after two dashes asked for help")
            return
        }
    }
}
