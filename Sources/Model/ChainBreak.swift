/// A point that should be there and is not, or is another than it was.
package struct ChainBreak: Sendable, Hashable, Codable {
    package var point: PointName
    /// The hash by which a later point names it; nil where only records tell that it was there.
    package var expected: String?
    /// The hash of what is there now; nil when nothing is.
    package var found: String?
    package var reason: String

    /// Creates a break.
    package init(point: PointName, expected: String?, found: String?, reason: String) {
        self.point = point
        self.expected = expected
        self.found = found
        self.reason = reason
    }

    /// Whether who accepted this break accepted `other` too: a point that is gone is gone, whoever names it; one that was
    /// replaced must be the same that was there.
    package func covers(_ other: ChainBreak) -> Bool {
        point == other.point && found == other.found && (found == nil || expected == other.expected)
    }
}
