package import Model

/// A recovery point as retention sees it.
package struct RetentionPoint: Sendable, Hashable {
    package var id: String
    package var recoveryInstant: Instant
    package var committedAt: Instant
    /// The manifest is there and its signature is valid.
    package var isComplete: Bool
    /// A drill restored and proved it.
    package var isProven: Bool
    /// A drill or a verification found it damaged.
    package var isKnownBad: Bool
    /// Why an operator holds it; nil when nobody does.
    package var hold: String?
    package var bytes: Int64

    /// Creates a point.
    package init(
        id: String,
        recoveryInstant: Instant,
        committedAt: Instant,
        isComplete: Bool = true,
        isProven: Bool = false,
        isKnownBad: Bool = false,
        hold: String? = nil,
        bytes: Int64 = 0
    ) {
        self.id = id
        self.recoveryInstant = recoveryInstant
        self.committedAt = committedAt
        self.isComplete = isComplete
        self.isProven = isProven
        self.isKnownBad = isKnownBad
        self.hold = hold
        self.bytes = bytes
    }
}

/// Why a point is kept or removed.
package enum RetentionReason: Sendable, Hashable, CustomStringConvertible {
    case noPolicy
    case newest
    case newestProven
    case held(String)
    case last(Int, of: Int)
    /// The `number`th kept span of a rule; `isOldest` when the point is kept only because older ones are missing.
    case span(RetentionRule, label: String, number: Int, of: Int, isOldest: Bool)
    case within(Duration)
    case minimum(Int)
    /// Not counted and never removed by retention.
    case incomplete
    /// Not counted and never removed by retention.
    case datedInFuture
    /// Not counted and never removed by retention.
    case knownBad
    case noRule

    package var description: String {
        switch self {
        case .noPolicy: "no policy was specified"
        case .newest: "newest point"
        case .newestProven: "newest proven point"
        case .held(let reason): "held: \(reason)"
        case .last(let number, let limit): "last \(number) of \(limit)"
        case .span(let rule, let label, let number, let limit, let isOldest):
            "\(rule.rawValue) \(number) of \(limit) (\(isOldest ? "oldest point" : label))"
        case .within(let span): "within \(span.inWords)"
        case .minimum(let count): "minimum of \(count) point\(count == 1 ? "" : "s")"
        case .incomplete: "incomplete or unsigned, not counted"
        case .datedInFuture: "dated in the future, not counted"
        case .knownBad: "known to be bad, not counted"
        case .noRule: "no rule keeps it"
        }
    }
}

/// What happens to one point, with every reason for it.
package struct RetentionDecision: Sendable, Hashable {
    package var point: RetentionPoint
    /// Never empty; `[.noRule]` exactly when the point is removed.
    package var reasons: [RetentionReason]

    /// Whether the point stays.
    package var isKept: Bool { reasons != [.noRule] }

    /// Creates a decision.
    package init(point: RetentionPoint, reasons: [RetentionReason]) {
        self.point = point
        self.reasons = reasons
    }
}
