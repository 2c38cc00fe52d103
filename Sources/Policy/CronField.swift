/// Why a schedule cannot be used; names the field and says what is allowed there.
package struct CronError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    /// Creates an error with its full text.
    package init(_ description: String) { self.description = description }
}

/// One of the five fields of a cron line.
enum CronField: String, CaseIterable {
    case minute = "minute"
    case hour = "hour"
    case dayOfMonth = "day of the month"
    case month = "month"
    case dayOfWeek = "day of the week"

    /// The values that can be written; 7 is a second name of Sunday.
    var range: ClosedRange<Int> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    private var names: [String] {
        switch self {
        case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        default: []
        }
    }

    private var allowed: String {
        let names = names
        guard let first = names.first, let last = names.last else { return "\(range.lowerBound)-\(range.upperBound)" }
        return "\(range.lowerBound)-\(range.upperBound) or \(first)-\(last)"
    }

    /// The values that a field's text stands for.
    func parse(_ text: Substring) throws(CronError) -> CronValues {
        var values = CronValues(isStarred: text.hasPrefix("*"))
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            for value in try self.values(of: item) { values.insert(self == .dayOfWeek ? value % 7 : value) }
        }
        return values
    }

    private func values(of item: Substring) throws(CronError) -> StrideThrough<Int> {
        let parts = item.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = parts.first else {
            throw CronError("the \(rawValue) '\(item)' has more than one step; write for example */15")
        }
        var bounds = self == .dayOfWeek && base == "*" ? 0...6 : range
        if base != "*" { bounds = try self.bounds(of: base) }
        guard parts.count == 2 else { return stride(from: bounds.lowerBound, through: bounds.upperBound, by: 1) }
        guard base == "*" || base.contains("-") else {
            throw CronError(
                "the \(rawValue) '\(item)' steps from a single value; write \(base)-\(range.upperBound)/\(parts[1])"
            )
        }
        guard let step = Int(parts[1]), step >= 1, step <= range.upperBound else {
            throw CronError("the \(rawValue) '\(item)' has the step '\(parts[1])'; a step is 1-\(range.upperBound)")
        }
        return stride(from: bounds.lowerBound, through: bounds.upperBound, by: step)
    }

    private func bounds(of text: Substring) throws(CronError) -> ClosedRange<Int> {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let first = ends.first, let last = ends.last else {
            throw CronError("the \(rawValue) '\(text)' is not a range; write for example 1-5")
        }
        let low = try value(of: first)
        var high = try value(of: last)
        if self == .dayOfWeek, ends.count == 2, high == 0, low > 0 { high = 7 }
        guard low <= high else {
            throw CronError("the \(rawValue) '\(text)' runs backwards; write two ranges with a comma between them")
        }
        return low...high
    }

    private func value(of text: Substring) throws(CronError) -> Int {
        if let index = names.firstIndex(of: text.uppercased()) { return index + (self == .month ? 1 : 0) }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text),
            range.contains(value)
        else { throw CronError("the \(rawValue) '\(text)' is not allowed; it is \(allowed), or *") }
        return value
    }
}

/// The values that one field admits, each below 64.
struct CronValues: Sendable, Hashable {
    private var bits: UInt64 = 0
    /// The field was written with a leading `*`: cron then lets the other day field decide alone.
    var isStarred: Bool

    init(isStarred: Bool) { self.isStarred = isStarred }

    mutating func insert(_ value: Int) { bits |= 1 << UInt64(value) }

    func contains(_ value: Int) -> Bool { bits >> UInt64(value) & 1 == 1 }

    var count: Int { bits.nonzeroBitCount }

    /// Ascending.
    var all: [Int] { (0..<64).filter(contains) }
}
