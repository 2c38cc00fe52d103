import CommandLineKit
import Diagnostics
import Model
import Repository
import Streams
import Terminal

/// Whether a run waits for others that must not work in the repository beside it.
struct TurnOptions: Sendable {
    var wait: DurationArgument?

    static let arguments: [Argument<Self>] = [
        .option("--wait", value: "TIME", to: \.wait, help: "Wait this long for another run that is in the way")
    ]

    /// Says on `console` who is waited for.
    func patience(_ stop: Stop, on console: Console) -> TurnPatience {
        guard let wait else { return .none }
        return TurnPatience(
            atMost: wait.duration,
            pause: { stop.sleep(atMost: $0) },
            tell: { rival in
                let since = rival.cause.map { " (\($0))" } ?? ""
                console.talk(StyledText("waiting: \(rival.summary)\(since)"))
            }
        )
    }
}
