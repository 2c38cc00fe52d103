/// Whether an objective is met; what is not known is never a pass.
package enum ObjectiveVerdict: Sendable, Hashable {
    case met
    case missed(String)
    case unknown(String)

    /// Only `met` passes.
    package var isMet: Bool { self == .met }

    /// `met`, `missed` or `unknown`.
    package var name: String {
        switch self {
        case .met: "met"
        case .missed: "missed"
        case .unknown: "unknown"
        }
    }

    /// Why it is not met; nil when it is.
    package var reason: String? {
        switch self {
        case .met: nil
        case .missed(let reason), .unknown(let reason): reason
        }
    }

    /// The worse of two: missed before unknown before met.
    package func and(_ other: ObjectiveVerdict) -> ObjectiveVerdict {
        switch (self, other) {
        case (.missed, _): self
        case (_, .missed): other
        case (.unknown, _): self
        default: other
        }
    }
}
