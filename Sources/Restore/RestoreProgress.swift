import Synchronization

/// How far a restore has come; written by its workers, sampled by whoever draws it.
package final class RestoreProgress: Sendable {
    private let loadedText = Atomic<Int64>(0)
    private let provenText = Atomic<Int64>(0)
    private let totalText = Atomic<Int64>(0)
    private let step = Mutex("preparing")

    /// Creates a progress at nothing.
    package init() {}

    /// COPY text loaded so far.
    package var loadedBytes: Int64 { loadedText.load(ordering: .relaxed) }
    /// COPY text read back and compared so far.
    package var provenBytes: Int64 { provenText.load(ordering: .relaxed) }
    /// COPY text of everything selected.
    package var totalBytes: Int64 { totalText.load(ordering: .relaxed) }
    /// What is being done, in a word or two.
    package var currentStep: String { step.withLock { $0 } }

    /// Whether the rows are being read back.
    package var isProving: Bool { currentStep == "proof" }

    /// Names the step that begins.
    package func begin(_ name: String) { step.withLock { $0 = name } }
    func expect(bytes: Int64) { totalText.store(bytes, ordering: .relaxed) }
    func addLoaded(_ bytes: Int) { loadedText.wrappingAdd(Int64(bytes), ordering: .relaxed) }
    func addProven(_ bytes: Int) { provenText.wrappingAdd(Int64(bytes), ordering: .relaxed) }
}
