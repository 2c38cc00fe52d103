import Diagnostics
import Glibc
import Streams
import Terminal
import Testing

@Suite("Answers go to standard output, talk to standard error, and neither drives the terminal")
struct ConsoleTests {
    private let hostile = "orders\u{1B}]0;owned\u{7}\r\n\u{1B}[2Jx\u{202E}y\u{9B}31m"

    @Test("answers and talk stay apart, and quiet silences talk but not warnings")
    func streams() throws {
        let (out, err) = (try CapturedStream.pipe(), try CapturedStream.pipe())
        let console = Console(output: out.stream, errors: err.stream, environment: [:], quiet: true)
        console.answer("one")
        console.talk("hidden")
        console.warn(Diagnostic(.partial, "two of three", hint: "run it again."))
        console.answer("end")
        console.insist("end")
        #expect(try out.read(until: "end\n") == "one\nend\n")
        #expect(try err.read(until: "end\n") == "warning: two of three\nhint: run it again.\nend\n")
    }

    @Test("a hostile name cannot move the cursor, forge a line or turn the text around")
    func hostileNames() throws {
        for terminal in [false, true] {
            let out = try terminal ? CapturedStream.terminal() : CapturedStream.pipe()
            let console = Console(output: out.stream, errors: out.stream, environment: [:])
            console.answer(StyledText(hostile))
            console.answer(text: "a\nb\u{1B}[1m\n")
            console.report(Diagnostic(.usage, hostile, cause: hostile, hint: hostile))
            console.answer("end")
            let shown = try out.read(until: "end").replacing("\u{1B}[1;31merror:\u{1B}[0m", with: "error:")
                .replacing("\u{1B}[1mcause:\u{1B}[0m", with: "cause:")
                .replacing("\u{1B}[36mhint:\u{1B}[0m", with: "hint:").replacing("\r\n", with: "\n")
            let safe = "orders ]0;owned [2Jxy 31m"
            #expect(shown.hasPrefix("\(safe)\na\nb [1m\nerror: \(safe)\ncause: \(safe)\nhint: \(safe)\nend"))
        }
    }

    @Test("JSON keeps its meaning and loses its power over the terminal")
    func json() throws {
        let out = try CapturedStream.pipe()
        let console = Console(output: out.stream, errors: out.stream, environment: [:])
        console.answer(json: "{\n\t\"name\": \"a\u{9B}b\u{202E}\"\n}")
        #expect(try out.read(until: "}\n") == "{\n\t\"name\": \"a\\u009bb\\u202e\"\n}\n")
    }

    @Test("colour is for terminals whose user did not refuse it")
    func colour() throws {
        let terminal = try CapturedStream.terminal()
        let pipe = try CapturedStream.pipe()
        func coloured(_ stream: CapturedStream, _ environment: [String: String]) -> Bool {
            Console(output: stream.stream, errors: stream.stream, environment: environment).outputHasColour
        }
        #expect(coloured(terminal, [:]))
        #expect(coloured(terminal, ["NO_COLOR": "", "TERM": "xterm"]))
        #expect(!coloured(terminal, ["NO_COLOR": "1"]))
        #expect(!coloured(terminal, ["TERM": "dumb"]))
        #expect(!coloured(pipe, [:]))
        let console = Console(output: terminal.stream, errors: terminal.stream, environment: [:])
        console.answer(StyledText("bad", .red) + " end")
        #expect(try terminal.read(until: "end\r\n") == "\u{1B}[31mbad\u{1B}[0m end\r\n")
        #expect(console.outputWidth == 100)
    }

    @Test("when the reader goes away the work goes on in silence")
    func brokenPipe() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        let stream = TextStream(descriptor: ends[1])
        let console = Console(output: stream, errors: stream, environment: [:])
        console.answer("one")
        console.answer("two")
        #expect(console.outputIsBroken)
        close(ends[1])
    }

    @Test("a long answer passes a small pipe whole")
    func longAnswer() throws {
        let out = try CapturedStream.pipe()
        let console = Console(output: out.stream, errors: out.stream, environment: [:])
        let text = String(repeating: "a line of the sheet\n", count: 20_000)
        startDedicatedThread { console.answer(text: text + "end\n") }
        #expect(try out.read(until: "end\n") == text + "end\n")
    }

    @Test("an error has its three lines, and its JSON has a stable shape")
    func diagnostics() throws {
        let error = Diagnostic(
            .databaseUnreachable,
            "cannot connect to database 'shop'",
            cause: "connection \"refused\"",
            hint: "check that it runs.",
            context: ["host": "db1", "attempts": "3"]
        )
        #expect(
            error.json() == #"{"schema":1,"kind":"error","code":"database-unreachable","#
                + #""summary":"cannot connect to database 'shop'","cause":"connection \"refused\"","#
                + #""hint":"check that it runs.","context":{"attempts":"3","host":"db1"},"exit":14}"#
        )
        let bare = Diagnostic(.busy, "no")
        #expect(bare.json().contains(#""hint":"Wait until the other run has ended.""#))
        #expect(bare.styled(label: "error", ink: .bold, verbose: false).count == 2)
        #expect(bare.styled(label: "warning", ink: .bold, verbose: false).count == 1)
        let err = try CapturedStream.pipe()
        let console = Console(output: err.stream, errors: err.stream, environment: [:])
        console.report(error, verbose: true)
        console.report(error, as: .json)
        #expect(
            try err.read(until: "}\n") == """
                error: cannot connect to database 'shop'
                cause: connection "refused"
                hint: check that it runs.
                  attempts: 3
                  host: db1
                \(error.json())

                """
        )
    }
}
