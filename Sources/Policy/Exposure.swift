package import Model

/// How much data would have been lost, had the disaster struck at any moment of a period.
///
/// The achieved recovery point (RPA) at t is t minus the recovery instant of the newest point that was committed by t and
/// not known to be bad at t. Without any such point it is unbounded. Everything is computed exactly, piece by piece.
package struct Exposure: Sendable, Hashable {
    /// A committed point.
    package struct Point: Sendable, Hashable {
        package var recoveryInstant: Instant
        package var committedAt: Instant
        /// From here on it does not count.
        package var knownBadSince: Instant?

        /// Creates a point.
        package init(recoveryInstant: Instant, committedAt: Instant, knownBadSince: Instant? = nil) {
            self.recoveryInstant = recoveryInstant
            self.committedAt = committedAt
            self.knownBadSince = knownBadSince
        }
    }

    /// An exposure at one moment.
    package struct Peak: Sendable, Hashable {
        package var exposure: Duration
        package var at: Instant

        /// Creates a peak.
        package init(exposure: Duration, at: Instant) {
            self.exposure = exposure
            self.at = at
        }
    }

    /// A time in which more could have been lost than allowed.
    package struct Breach: Sendable, Hashable {
        package var from: Instant
        package var to: Instant

        /// Creates a breach.
        package init(from: Instant, to: Instant) {
            self.from = from
            self.to = to
        }

        package var length: Duration { to - from }
    }

    package var from: Instant
    package var to: Instant
    /// When the first point became available, if that was by the end of the period.
    ///
    /// Earlier than `from` when protection is older than the period.
    package var protectedSince: Instant?
    /// Exposure at the end of the period; nil when unbounded.
    package var current: Duration?
    /// The largest bounded exposure in the period; nil when there was no point at any time of it.
    package var worst: Peak?
    /// Time in the period before the first point.
    package var unprotectedBefore: Duration
    /// Time in the period after the first point in which all points were known to be bad.
    package var unprotectedAfter: Duration
    /// Time in the period with an exposure within the objective; nil without an objective.
    package var withinObjective: Duration?
    /// The times of the period, after the first point, in which the objective was exceeded; empty without an objective.
    package var breaches: [Breach] = []
    /// The first moment in the period, after the first point, from which the objective was exceeded.
    package var firstExceededAt: Instant? { breaches.first?.from }

    /// The share of the whole period (0 to 1) within the objective; time without a point is outside it.
    package var shareOfPeriod: Double? { share(of: to - from) }

    /// The share of the time since the first point within the objective.
    package var shareSinceProtected: Double? { share(of: to - from - unprotectedBefore) }

    private func share(of span: Duration) -> Double? {
        guard let withinObjective, span > .zero else { return nil }
        return withinObjective / span
    }

    /// Whether the objective held from the first point (or the start of the period) to the end of the period.
    package func judge(rpo: Duration) -> ObjectiveVerdict {
        guard protectedSince != nil else { return .missed("no recovery point exists") }
        guard let current else { return .missed("every recovery point is known to be bad") }
        if current > rpo {
            return .missed("data of the last \(current.inWords) is unprotected; \(rpo.inWords) is allowed")
        }
        if unprotectedAfter > .zero {
            return .missed("for \(unprotectedAfter.inWords) every recovery point was known to be bad")
        }
        guard let worst, worst.exposure > rpo else { return .met }
        return .missed("exposure reached \(worst.exposure.inWords) at \(worst.at); \(rpo.inWords) is allowed")
    }
}
