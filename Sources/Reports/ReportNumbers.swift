import Model

/// A number of seconds in words.
func inWords(_ seconds: Double) -> String { Duration.seconds(seconds).inWords }

/// A share (0 to 1) in per cent, rounded to one decimal; 100 % is said only when nothing is missing, and 0 % when nothing is
/// there.
func percent(_ share: Double) -> String {
    let rounded = Int64((share * 1000).rounded())
    let tenths = share < 1 ? min(rounded, 999) : rounded
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

/// `lifeboat 1 on db1`; nil when nobody knows.
func makerText(_ tool: String?, _ host: String?) -> String? {
    guard let tool, let host else { return nil }
    return "\(tool) on \(host)"
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
