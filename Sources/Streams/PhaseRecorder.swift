package import Model
import Synchronization

/// Times the parts of a run; parts may overlap, and any thread may begin one.
package final class PhaseRecorder: Sendable {
    private struct Span {
        var started: Instant
        var begin: ContinuousClock.Instant
        var end: ContinuousClock.Instant
        var bytes: Int64?
    }

    private let phases = Mutex<[Phase]>([])
    /// Phases that several threads do in parts.
    private let spans = Mutex<[String: Span]>([:])

    /// Creates a recorder without phases.
    package init() {}

    /// The phases so far, in the order in which they began.
    package var recorded: [Phase] {
        let parted = spans.withLock { spans in
            spans.map { name, span in
                Phase(name: name, started: span.started, seconds: (span.end - span.begin).inSeconds, bytes: span.bytes)
            }
        }
        return (phases.withLock { $0 } + parted).sorted { ($0.started, $0.name) < ($1.started, $1.name) }
    }

    /// Runs `body` as one phase; it is recorded also when `body` throws.
    package func measure<Result>(_ name: String, bytes: Int64? = nil, _ body: () throws -> Result) rethrows -> Result {
        let started = Instant.now
        let clock = ContinuousClock.now
        defer {
            let phase = Phase(name: name, started: started, seconds: (.now - clock).inSeconds, bytes: bytes)
            phases.withLock { $0.append(phase) }
        }
        return try body()
    }

    /// Runs `body` as a part of a phase, which lasts from the beginning of its first part to the end of its last.
    package func measurePart<Result>(_ name: String, bytes: Int64? = nil, _ body: () throws -> Result) rethrows
        -> Result
    {
        let started = Instant.now
        let begin = ContinuousClock.now
        defer {
            let end = ContinuousClock.now
            spans.withLock { spans in
                var span = spans[name] ?? Span(started: started, begin: begin, end: end, bytes: nil)
                if begin < span.begin { (span.started, span.begin) = (started, begin) }
                span.end = max(span.end, end)
                if let bytes { span.bytes = (span.bytes ?? 0) + bytes }
                spans[name] = span
            }
        }
        return try body()
    }
}
