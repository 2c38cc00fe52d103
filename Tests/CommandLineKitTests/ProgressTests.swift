import Synchronization
@testable import Terminal
import Testing

/// What workers raise while the line samples it.
private final class Counters: Sendable {
    private let state = Mutex(ProgressSample(phase: "export"))
    var sample: ProgressSample { state.withLock { $0 } }

    func set(doneBytes: Int64, totalBytes: Int64) {
        state.withLock {
            $0.doneBytes = doneBytes
            $0.totalBytes = totalBytes
        }
    }
}

@Suite("Progress says how fast and how long, and gets out of the way")
struct ProgressTests {
    private let half = ProgressSample(
        phase: "export",
        item: "public.orders",
        doneBytes: 1 << 29,
        totalBytes: 1 << 30,
        doneItems: 3,
        totalItems: 7
    )

    private func steadyRate() -> ProgressRate {
        var rate = ProgressRate()
        for second in 0...8 {
            rate.add(
                ProgressSample(phase: "export", doneBytes: Int64(second) << 26, totalBytes: 1 << 30),
                atSeconds: Double(second)
            )
        }
        return rate
    }

    @Test("a steady pace gives its rate and the time that is left")
    func rate() {
        let rate = steadyRate()
        #expect(rate.bytesPerSecond == Double(1 << 26))
        #expect(rate.secondsLeft(half, atSeconds: 8) == 8)
        var done = half
        done.doneBytes = done.totalBytes
        #expect(rate.secondsLeft(done, atSeconds: 16) == 0)
        #expect(rate.secondsLeft(ProgressSample(phase: "load"), atSeconds: 8) == nil)
    }

    @Test("a new phase forgets the pace of the last one")
    func phases() {
        var rate = steadyRate()
        rate.add(ProgressSample(phase: "load"), atSeconds: 9)
        #expect(rate.bytesPerSecond == nil)
    }

    @Test("one slow second does not frighten anybody")
    func smoothing() throws {
        var rate = steadyRate()
        rate.add(ProgressSample(phase: "export", doneBytes: 8 << 26, totalBytes: 1 << 30), atSeconds: 9)
        let speed = try #require(rate.bytesPerSecond)
        #expect(speed > Double(1 << 26) * 0.8)
    }

    @Test("the bar, the line and the event say the same")
    func texts() {
        let rate = steadyRate()
        #expect(
            ProgressText.bar(half, rate, atSeconds: 8, width: 120).plain
                == "export [##########----------]  50%  3 of 7  537 MB of 1.1 GB  67 MB/s  0:08 left  public.orders"
        )
        #expect(ProgressText.bar(half, rate, atSeconds: 8, width: 40).plain.displayWidth < 40)
        #expect(
            ProgressText.line(half, rate, atSeconds: 8).plain
                == "export: 50%, 3 of 7, 537 MB of 1.1 GB, 67 MB/s, 0:08 left, public.orders"
        )
        #expect(
            ProgressText.event(half, rate, atSeconds: 8)
                == #"{"schema":1,"kind":"progress","phase":"export","item":"public.orders","doneBytes":536870912,"#
                + #""totalBytes":1073741824,"doneItems":3,"totalItems":7,"bytesPerSecond":67108864,"secondsLeft":8}"#
        )
        #expect(byteText(999) == "999 B" && byteText(1536) == "1.5 kB" && byteText(1_048_575) == "1 MB")
        #expect(byteText(.max) == "9223 PB" && clockText(12_003) == "3:20:03" && clockText(75) == "1:15")
    }

    @Test("the last event goes out even when the work ends at once")
    func lastEvent() throws {
        let err = try CapturedStream.pipe()
        let console = Console(output: err.stream, errors: err.stream, environment: [:], quiet: true)
        let counters = Counters()
        let line = ProgressLine(sampling: { counters.sample }, on: console, mode: .events(everySeconds: 3600))
        counters.set(doneBytes: 10, totalBytes: 10)
        line.finish()
        line.finish()
        let event = try err.read(until: "\n")
        #expect(event.contains(#""doneBytes":10"#) && event.contains(#""kind":"progress""#))
    }

    @Test("other lines pass above the bar, and the bar leaves nothing behind")
    func bar() throws {
        let terminal = try CapturedStream.terminal()
        let console = Console(output: terminal.stream, errors: terminal.stream, environment: ["TERM": "xterm"])
        let counters = Counters()
        counters.set(doneBytes: 0, totalBytes: 100)
        let line = ProgressLine(sampling: { counters.sample }, on: console, mode: .bar)
        _ = try terminal.read(until: "0 B of 100 B")
        console.talk("a table was skipped")
        let between = try terminal.read(until: "0 B of 100 B")
        #expect(between.contains("\r\u{1B}[Ka table was skipped\r\n"))
        line.finish()
        console.talk("end")
        #expect(try terminal.read(until: "end\r\n").hasSuffix("\r\u{1B}[Kend\r\n"))
    }

    @Test("bars are for people, lines for logs, events on request, nothing with quiet")
    func modes() throws {
        let (terminal, pipe) = (try CapturedStream.terminal(), try CapturedStream.pipe())
        func console(_ stream: CapturedStream, quiet: Bool = false, _ environment: [String: String] = [:]) -> Console {
            Console(output: stream.stream, errors: stream.stream, environment: environment, quiet: quiet)
        }
        #expect(ProgressChoice.auto.mode(on: console(terminal)) == .bar)
        #expect(ProgressChoice.auto.mode(on: console(terminal, ["TERM": "dumb"])) == .lines(everySeconds: 10))
        #expect(ProgressChoice.auto.mode(on: console(pipe)) == .lines(everySeconds: 10))
        #expect(ProgressChoice.auto.mode(on: console(terminal, quiet: true)) == .silent)
        #expect(ProgressChoice.json.mode(on: console(pipe, quiet: true)) == .events(everySeconds: 1))
        #expect(ProgressChoice.none.mode(on: console(terminal)) == .silent)
    }
}
