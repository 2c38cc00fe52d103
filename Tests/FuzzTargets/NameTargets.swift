import Diagnostics
import Model

extension FuzzTarget {
    /// The readers of names, times and quantities, and the one that hides secrets.
    static func names() -> [FuzzTarget] {
        [
            FuzzTarget("percent", texts: ["a b/c%d", "à%2F"], words: ["%", "%2", "%2f", "%C3%A9", "%FF", "/"]) { text in
                let encoded = percentEncoded(text)
                try require(percentDecoded(encoded) == text, "'\(text)' does not come back")
                guard let decoded = percentDecoded(text) else { return }
                try require(percentEncoded(decoded) == text, "'\(text)' has two spellings")
            },
            FuzzTarget(
                "slot",
                texts: ["20261121T020000Z", "2026-11-21T02:00:00.123+01:00"],
                words: ["T", "Z", "-", "60", "29"]
            ) {
                guard let slot = Slot($0) else { return }
                try require(Slot(slot.description) == slot, "'\($0)' does not come back")
            },
            FuzzTarget(
                "duration",
                texts: ["2h30m", "31d", "500ms"],
                words: ["9223372036854775807", "h", "d", "w", "-", "."]
            ) {
                guard let duration = try? Duration(human: $0) else { return }
                try require(duration >= .zero, "'\($0)' is negative")
            },
            FuzzTarget("byte-count", texts: ["64MiB", "1.5 GB"], words: ["9223372036854775807", "TiB", ".", "K", "-"]) {
                guard let count = try? ByteCount(human: $0) else { return }
                try require(count.bytes >= 0, "'\($0)' is negative")
            },
            FuzzTarget(
                "redaction",
                texts: ["host=a password=hunter2 port=1", "postgres://u:pw@h/d", "AGE-SECRET-KEY-1QQQQ and text"],
                words: [
                    "password=", "passwd", "://", "@", ":", "AGE-SECRET-KEY-1", "LIFEBOAT-SIGNER-SECRET-1", "'", "\\",
                ]
            ) { text in
                let once = redacted(text)
                try require(
                    redacted(once) == once || !once.contains("AGE-SECRET-KEY-1"),
                    "hidden twice differs: \(once)"
                )
            },
        ]
    }
}
