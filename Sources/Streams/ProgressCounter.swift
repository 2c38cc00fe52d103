import Synchronization

/// A number that workers raise and a display samples; from any thread, without waiting.
package final class ProgressCounter: Sendable {
    private let number = Atomic<Int64>(0)

    /// Creates a counter at zero.
    package init() {}

    /// The sum so far; it orders nothing else.
    package var value: Int64 { number.load(ordering: .relaxed) }

    /// Raises the number.
    package func add(_ amount: Int64) { number.add(amount, ordering: .relaxed) }
}
