/// A moment in time: microseconds since 1970-01-01T00:00:00Z, without leap seconds (as PostgreSQL counts).
///
/// Written everywhere as RFC 3339 in UTC (`2026-11-21T06:24:55.123456Z`).
package struct Instant: Sendable, Hashable, Comparable {
    package var microsecondsSinceEpoch: Int64

    /// Creates an instant.
    package init(microsecondsSinceEpoch: Int64) { self.microsecondsSinceEpoch = microsecondsSinceEpoch }

    /// Creates an instant at a whole second.
    package init(secondsSinceEpoch: Int64) { self.init(microsecondsSinceEpoch: secondsSinceEpoch * 1_000_000) }

    /// Whole seconds since the epoch, rounded down.
    package var secondsSinceEpoch: Int64 {
        microsecondsSinceEpoch >= 0
            ? microsecondsSinceEpoch / 1_000_000 : (microsecondsSinceEpoch - 999_999) / 1_000_000
    }

    package static func < (a: Instant, b: Instant) -> Bool { a.microsecondsSinceEpoch < b.microsecondsSinceEpoch }

    /// The time from `b` to `a`.
    package static func - (a: Instant, b: Instant) -> Duration {
        .microseconds(a.microsecondsSinceEpoch - b.microsecondsSinceEpoch)
    }

    /// The instant `span` later.
    package static func + (a: Instant, span: Duration) -> Instant {
        Instant(microsecondsSinceEpoch: a.microsecondsSinceEpoch + span.wholeMicroseconds)
    }

    /// The instant `span` earlier.
    package static func - (a: Instant, span: Duration) -> Instant {
        Instant(microsecondsSinceEpoch: a.microsecondsSinceEpoch - span.wholeMicroseconds)
    }
}

extension Duration {
    /// The duration in microseconds, rounded toward zero.
    package var wholeMicroseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }

    /// The duration in seconds.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
