/// A value that a thread of its own works out while the caller does something else.
///
/// Whoever asks for it waits until it is there; any thread may, and any number of times.
package final class Eventual<Value: Sendable>: Sendable {
    private let state = Monitor<Value?>(nil)

    /// Begins to work it out.
    package init(_ body: @escaping @Sendable () -> Value) {
        startDedicatedThread { [state] in
            let value = body()
            state.change { $0 = value }
        }
    }

    /// The value; blocks until it is there.
    package var value: Value {
        var result: Value?
        state.when({ $0 != nil }) { result = $0 }
        guard let result else { preconditionFailure("the wait is over only when the value is there") }
        return result
    }
}
