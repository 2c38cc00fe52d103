import Diagnostics
import Glibc
import Streams
import Synchronization
import Terminal
import Testing

private final class AnswerBox<Answer: Sendable>: Sendable {
    let answer = Mutex<Result<Answer, any Error>?>(nil)
}

@Suite("Questions reach the person at the terminal")
struct PromptTests {
    /// Asks on a pseudo-terminal, types the answer once the question is there, and returns the answer and the screen.
    ///
    /// The question blocks a thread of its own, so that the test never waits for a free thread of the pool.
    private func asked<Answer: Sendable>(
        typing keys: String,
        after question: String,
        _ ask: @escaping @Sendable (Prompt) throws -> Answer
    ) throws -> (answer: Answer, screen: String) {
        let terminal = try CapturedStream.terminal()
        let answered = Latch(count: 1)
        let box = AnswerBox<Answer>()
        startDedicatedThread {
            box.answer.withLock { $0 = Result { try ask(Prompt(descriptor: terminal.inner)) } }
            answered.arrive()
        }
        var screen = try terminal.read(until: question)
        terminal.type(keys)
        screen += try terminal.read(until: "\n")
        answered.wait()
        var after = termios()
        tcgetattr(terminal.inner, &after)
        #expect(after.c_lflag & tcflag_t(ECHO) != 0, "the terminal stays silent")
        return (try #require(box.answer.withLock { $0 }).get(), screen)
    }

    @Test("only yes is yes")
    func confirm() throws {
        for (keys, expected) in [("y\n", true), ("YES\n", true), ("\n", false), ("n\n", false), ("yep\n", false)] {
            let (answer, screen) = try asked(typing: keys, after: "[y/N] ") { try $0.confirm("Remove?") }
            #expect(answer == expected, "\(keys)")
            #expect(screen.hasPrefix("Remove? [y/N] "))
        }
    }

    @Test("a name is typed back letter by letter, corrections included")
    func typedBack() throws {
        for (keys, expected) in [
            ("shop\n", true), ("shpo\u{7F}\u{7F}op\n", true), ("x\u{15}shop\n", true), ("Shop\n", false),
        ] {
            let (answer, _) = try asked(typing: keys, after: "to go on: ") {
                try $0.typedBack("shop", "This overwrites 'shop'.")
            }
            #expect(answer == expected, "\(keys)")
        }
    }

    @Test("a passphrase is never shown")
    func passphrase() throws {
        let (answer, screen) = try asked(typing: "hünter2\u{7F}3\n", after: "Passphrase: ") {
            try $0.passphrase("Passphrase")
        }
        #expect(answer == "hünter3")
        #expect(!screen.contains("nter"))
    }

    @Test("Ctrl-C at a question is an interruption, and the terminal speaks again")
    func interrupt() throws {
        let (code, _) = try asked(typing: "se\u{3}", after: "Passphrase: ") { prompt -> DiagnosticCode? in
            do {
                _ = try prompt.passphrase("Passphrase")
                return nil
            } catch let error as Diagnostic {
                return error.code
            }
        }
        #expect(code == .interrupted)
    }
}
