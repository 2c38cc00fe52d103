import Diagnostics
import Model
import Streams

/// How long one plan's turn may take.
struct TimeLimit: Sendable {
    let time: Duration
    /// What is given up: "the backup of plan 'shop'".
    let run: String
    /// The setting that says how long.
    let setting: String

    /// Ends what `stop` ends when the time is over; `step` is asked then how far it came.
    func begin(_ stop: Stop, step: @escaping @Sendable () -> String) {
        stop.limit(to: time) { [self] in
            Diagnostic(
                .timeLimit,
                "\(run) took longer than \(time.inWords) and was given up",
                cause: "it had come to this: \(step())",
                hint: "Find out what it waits for, or let it take longer with --max-time or \(setting)."
            )
        }
    }
}

extension CommandContext {
    /// The same for one plan of several: its turn can be ended without that of the others.
    var ownTurn: CommandContext {
        var context = self
        context.stop = Stop(within: stop)
        return context
    }
}
