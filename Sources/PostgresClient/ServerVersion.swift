/// The version of the server at the other end, as it states it.
package struct ServerVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
    /// The number libpq gives: 150020 for 15.20.
    package let number: Int

    /// Creates a version from libpq's number.
    package init(number: Int) { self.number = number }

    /// The part that changes once a year: 15.
    package var major: Int { number / 10_000 }

    /// The way people write it: `15.20`.
    package var description: String { "\(major).\(number % 10_000)" }

    package static func < (left: ServerVersion, right: ServerVersion) -> Bool { left.number < right.number }
}
