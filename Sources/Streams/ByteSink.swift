/// A stage that bytes are pushed into.
///
/// A sink belongs to one thread from its creation to its last call. `finish()` is what makes the output valid, and
/// finishes the next stage too; dropping a sink without it abandons what was being written. A slow sink blocks
/// `write(_:)`, which is the only back-pressure there is: no stage queues.
package protocol ByteSink: AnyObject {
    /// Takes all of `bytes`; they are only borrowed for the call.
    func write(_ bytes: RawSpan) throws
    /// Flushes what is held back and finishes the next stage. Called at most once, and nothing is written after it.
    func finish() throws
}

extension ByteSink {
    /// Writes an array.
    package func write(contentsOf bytes: [UInt8]) throws {
        try write(bytes.span.bytes)
    }

    /// Writes the UTF-8 bytes of a string.
    package func write(text: String) throws {
        try write(contentsOf: Array(text.utf8))
    }
}

/// A sink that keeps everything in memory; for small objects and tests.
package final class MemorySink: ByteSink {
    package private(set) var bytes: [UInt8] = []
    package private(set) var isFinished = false

    /// Creates an empty sink.
    package init() {}

    package func write(_ bytes: RawSpan) throws {
        bytes.withUnsafeBytes { self.bytes.append(contentsOf: $0) }
    }

    package func finish() throws { isFinished = true }
}
