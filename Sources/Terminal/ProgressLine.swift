import Dispatch
import Synchronization

/// Where progress goes.
package enum ProgressMode: Sendable, Equatable {
    /// A bar on the terminal, redrawn up to ten times a second.
    case bar
    /// A plain line every so many seconds: for logs.
    case lines(everySeconds: Double)
    /// One JSON object per line on standard error.
    case events(everySeconds: Double)
    case silent
}

/// What the user asked for with `--progress`.
package enum ProgressChoice: String, Sendable, CaseIterable {
    case auto
    case plain
    case json
    case none

    /// The mode for a console: a bar only where a person looks, nothing with `--quiet` unless events were asked for.
    package func mode(on console: Console) -> ProgressMode {
        switch self {
        case .none: .silent
        case .json: .events(everySeconds: 1)
        case _ where console.isQuiet: .silent
        case .plain: .lines(everySeconds: 10)
        case .auto: console.errorsAreTerminal && console.errorsHaveColour ? .bar : .lines(everySeconds: 10)
        }
    }
}

/// Shows somebody's counters while work goes on, from a serial queue of its own that only samples: neither the workers nor the
/// cooperative pool ever wait for the terminal.
///
/// Call `finish()` when the work has ended, well or badly: it waits for the queue and clears the bar. Dropping the line
/// does the same.
package final class ProgressLine: Sendable {
    private let queue = DispatchQueue(label: "progress")
    private let display: ProgressDisplay

    /// Starts showing.
    package init(
        sampling sample: @escaping @Sendable () -> ProgressSample,
        on console: Console,
        mode: ProgressMode
    ) {
        display = ProgressDisplay(sample, console, mode)
        display.schedule(on: queue)
    }

    deinit { finish() }

    /// Stops showing; may be called again.
    package func finish() {
        queue.sync { _ = display.show(isOver: true) }
    }
}

/// What the queue keeps between two samples.
private final class ProgressDisplay: Sendable {
    private struct State {
        var rate = ProgressRate()
        var lastShown: ProgressSample?
        var isOver = false
    }

    private let sample: @Sendable () -> ProgressSample
    private let console: Console
    private let mode: ProgressMode
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(_ sample: @escaping @Sendable () -> ProgressSample, _ console: Console, _ mode: ProgressMode) {
        self.sample = sample
        self.console = console
        self.mode = mode
    }

    /// Shows once per period until it is over.
    func schedule(on queue: DispatchQueue) {
        guard let period = mode.periodMilliseconds else { return }
        queue.asyncAfter(deadline: .now() + .milliseconds(period)) {
            if self.show(isOver: false) { self.schedule(on: queue) }
        }
    }

    /// Shows the counters as they are now; false when it is over.
    func show(isOver: Bool) -> Bool {
        state.withLock { state in
            guard !state.isOver else { return false }
            state.isOver = isOver
            let now = start.duration(to: .now).seconds
            let sample = sample()
            state.rate.add(sample, atSeconds: now)
            switch mode {
            case .bar:
                let bar = ProgressText.bar(sample, state.rate, atSeconds: now, width: console.errorWidth)
                console.stand(isOver ? nil : bar)
            case .lines where sample != state.lastShown && !isOver:
                console.talk(ProgressText.line(sample, state.rate, atSeconds: now))
            case .events where sample != state.lastShown:
                // The last event goes out even when the work ends between two periods.
                console.event(json: ProgressText.event(sample, state.rate, atSeconds: now))
            default: break
            }
            state.lastShown = sample
            return !isOver
        }
    }
}

extension ProgressMode {
    /// Nil when there is nothing to show.
    fileprivate var periodMilliseconds: Int? {
        switch self {
        case .bar: 100
        case .lines(let seconds), .events(let seconds): Int(max(0.1, min(seconds, 3600)) * 1000)
        case .silent: nil
        }
    }
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
