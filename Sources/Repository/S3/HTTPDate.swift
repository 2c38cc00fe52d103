import Model

/// The dates of HTTP headers.
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Reads `Wed, 12 Oct 2009 17:50:00 GMT`; nil for anything else.
    static func parse(_ text: String) -> Instant? {
        let form = /[A-Z][a-z]{2}, ([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) (?:GMT|UTC)/
        guard let match = text.wholeMatch(of: form), let month = months.firstIndex(of: String(match.2)),
            let day = Int(match.1), let year = Int(match.3), let hour = Int(match.4), let minute = Int(match.5),
            let second = Int(match.6)
        else { return nil }
        let time = CivilTime(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
        return Instant(secondsSinceEpoch: time.secondsSinceEpoch)
    }
}
