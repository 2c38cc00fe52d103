/// Counts what passes through on its way to the next sink.
package final class ByteCounter: ByteSink {
    /// How many bytes the next sink has taken.
    package private(set) var count: Int64 = 0

    private let next: any ByteSink
    private let progress: ProgressCounter?

    /// Creates a stage in front of `next` that also adds to `progress`.
    package init(into next: any ByteSink, progress: ProgressCounter? = nil) {
        self.next = next
        self.progress = progress
    }

    package func write(_ bytes: RawSpan) throws {
        try next.write(bytes)
        count += Int64(bytes.byteCount)
        progress?.add(Int64(bytes.byteCount))
    }

    package func finish() throws { try next.finish() }
}
