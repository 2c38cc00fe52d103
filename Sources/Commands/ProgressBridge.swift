import Export
import Restore
import Streams
import Terminal

/// Shows an engine's own counters as a progress line until it is dropped or finished.
///
/// The engines know nothing of terminals: they raise their counters, and the line's own thread samples them.
struct ProgressBridge {
    private let line: ProgressLine

    /// `source` is what is waited for at first.
    init(_ progress: ExportProgress, of source: String, _ options: ProgressOptions, on console: Console) {
        line = ProgressLine(
            sampling: {
                guard progress.isConnected else { return ProgressSample(phase: "connecting", item: source) }
                return ProgressSample(
                    phase: progress.rangesTotal == 0 ? "preparing" : "reading",
                    doneBytes: progress.tableBytes,
                    totalBytes: progress.tableBytesTotal,
                    doneItems: Int64(progress.ranges),
                    totalItems: Int64(progress.rangesTotal)
                )
            },
            on: console,
            mode: options.progress.mode(on: console)
        )
    }

    init(_ progress: RestoreProgress, _ options: ProgressOptions, on console: Console) {
        line = ProgressLine(
            sampling: {
                // Loading is the first half of the way, reading back the second; both count text.
                ProgressSample(
                    phase: progress.currentStep,
                    doneBytes: progress.isProving ? progress.provenBytes : progress.loadedBytes,
                    totalBytes: progress.totalBytes
                )
            },
            on: console,
            mode: options.progress.mode(on: console)
        )
    }

    func finish() { line.finish() }
}
