/// What the counters said at one moment.
package struct ProgressSample: Sendable, Equatable {
    package var phase: String
    package var item = ""
    package var doneBytes: Int64 = 0
    package var totalBytes: Int64 = 0
    package var doneItems: Int64 = 0
    package var totalItems: Int64 = 0

    /// Creates a sample; nothing done and nothing known by default.
    package init(
        phase: String,
        item: String = "",
        doneBytes: Int64 = 0,
        totalBytes: Int64 = 0,
        doneItems: Int64 = 0,
        totalItems: Int64 = 0
    ) {
        self.phase = phase
        self.item = item
        self.doneBytes = doneBytes
        self.totalBytes = totalBytes
        self.doneItems = doneItems
        self.totalItems = totalItems
    }

    /// The share done from 0 to 1; nil while the whole is not known.
    ///
    /// Bytes are the better measure where they are known.
    package var share: Double? {
        if totalBytes > 0 { return min(1, Double(doneBytes) / Double(totalBytes)) }
        if totalItems > 0 { return min(1, Double(doneItems) / Double(totalItems)) }
        return nil
    }
}
