import Synchronization

/// The counters that workers raise and the progress line samples.
///
/// Raising one is a single atomic addition: workers never wait for the terminal. Safe to use from any thread.
package final class ProgressMeter: Sendable {
    private let doneBytes = Atomic<Int64>(0)
    private let totalBytes = Atomic<Int64>(0)
    private let doneItems = Atomic<Int64>(0)
    private let totalItems = Atomic<Int64>(0)
    private let text = Mutex(Labels())

    private struct Labels {
        var phase: String
        var item = ""
        init() { phase = "" }
    }

    /// Creates counters at zero.
    package init(phase: String) { text.withLock { $0.phase = phase } }

    /// Adds what was done.
    package func add(bytes: Int64 = 0, items: Int64 = 0) {
        if bytes != 0 { doneBytes.wrappingAdd(bytes, ordering: .relaxed) }
        if items != 0 { doneItems.wrappingAdd(items, ordering: .relaxed) }
    }

    /// Adds to what there is to do; zero means not known.
    package func expect(bytes: Int64 = 0, items: Int64 = 0) {
        if bytes != 0 { totalBytes.wrappingAdd(bytes, ordering: .relaxed) }
        if items != 0 { totalItems.wrappingAdd(items, ordering: .relaxed) }
    }

    /// Names what is being worked on.
    package func note(item: String) { text.withLock { $0.item = item } }

    /// Begins another phase: counters and totals go back to zero.
    package func begin(phase: String) {
        text.withLock {
            $0.phase = phase
            $0.item = ""
            doneBytes.store(0, ordering: .relaxed)
            totalBytes.store(0, ordering: .relaxed)
            doneItems.store(0, ordering: .relaxed)
            totalItems.store(0, ordering: .relaxed)
        }
    }

    /// The counters now.
    package var sample: ProgressSample {
        let labels = text.withLock { $0 }
        return ProgressSample(
            phase: labels.phase,
            item: labels.item,
            doneBytes: doneBytes.load(ordering: .relaxed),
            totalBytes: totalBytes.load(ordering: .relaxed),
            doneItems: doneItems.load(ordering: .relaxed),
            totalItems: totalItems.load(ordering: .relaxed)
        )
    }
}

/// What the counters said at one moment.
package struct ProgressSample: Sendable, Equatable {
    package var phase: String
    package var item = ""
    package var doneBytes: Int64 = 0
    package var totalBytes: Int64 = 0
    package var doneItems: Int64 = 0
    package var totalItems: Int64 = 0

    /// The share done from 0 to 1; nil while the whole is not known.
    ///
    /// Bytes are the better measure where they are known.
    package var share: Double? {
        if totalBytes > 0 { return min(1, Double(doneBytes) / Double(totalBytes)) }
        if totalItems > 0 { return min(1, Double(doneItems) / Double(totalItems)) }
        return nil
    }
}
