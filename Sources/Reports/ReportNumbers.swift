import Model

/// A number of seconds in words.
func inWords(_ seconds: Double) -> String { Duration.seconds(seconds).inWords }

/// A share (0 to 1) in per cent with at most one decimal; rounded down, so that 100 % is said only when nothing is missing.
func percent(_ share: Double) -> String {
    // The tolerance keeps a share such as 0.7 from losing its last digit to binary fractions.
    let tenths = Int64((share * 1000 + 1e-9).rounded(.down))
    if tenths == 0, share > 0 { return "under 0.1 %" }
    return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
}

/// `3 points`, `1 point`, `48,210 rows`.
package func counted(_ number: Int64, _ noun: String) -> String {
    grouped(number) + " " + noun + (number == 1 ? "" : "s")
}

/// `3 points`, `1 point`.
package func counted(_ number: Int, _ noun: String) -> String { counted(Int64(number), noun) }

/// A count with its thousands apart.
func grouped(_ number: Int64) -> String {
    var digits = String(number.magnitude)[...]
    var groups: [Substring] = []
    while digits.count > 3 {
        groups.insert(digits.suffix(3), at: 0)
        digits = digits.dropLast(3)
    }
    groups.insert(digits, at: 0)
    return (number < 0 ? "-" : "") + groups.joined(separator: ",")
}

extension Instant {
    /// `2026-11-21 07:28`, in UTC.
    var minuteText: String { String(description.prefix(16)).replacing("T", with: " ") }

    /// `2026-11-21`, in UTC.
    var dayText: String { String(description.prefix(10)) }
}

/// A reason with its instants as the rest of the text writes them.
func withShortInstants(_ reason: String) -> String {
    reason.replacing(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z/) { "\($0.output.1) \($0.output.2)" }
}
