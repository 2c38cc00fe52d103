import Diagnostics
import Drills
import Model
import Streams
import Terminal

/// Whether this machine could rehearse a recovery.
struct DrillCheck {
    let sourceMajor: Int
    let databaseBytes: Int64
    let isScheduled: Bool
    /// Where the scratch cluster would lie.
    let folder: String
    let environment: [String: String]

    func run(_ list: inout CheckList) {
        do {
            let binaries = try ServerBinaries.find(for: sourceMajor, environment: environment)
            let free = try Directory(folder).freeBytes()
            // Rows, their indexes, and the log of writing both.
            let wanted = databaseBytes + databaseBytes / 2
            guard free >= wanted else {
                throw Diagnostic(
                    .scratchCluster,
                    "'\(folder)' has \(byteText(free)) left for a scratch cluster",
                    cause: "a copy of the database needs about \(byteText(wanted))",
                    hint: "Name a folder with more room under 'scratch' in the settings, or in TMPDIR."
                )
            }
            list.ok("drill", "PostgreSQL \(binaries.major) in \(binaries.folder), \(byteText(free)) left in \(folder)")
        } catch {
            let problem = diagnostic(for: error)
            if isScheduled { return list.fail("drill", problem) }
            list.warn("drill", problem.summary, cause: problem.cause, hint: problem.hint)
        }
    }
}
