package import Model
import Repository
package import Streams
import Terminal

/// What every command is handed: the world as this run of the program sees it.
package struct CommandContext: Sendable {
    package var environment: [String: String]
    /// Paths on the command line are relative to it.
    package var workingFolder: String
    package var host: String
    /// Set by Ctrl-C; every blocking step ends soon after.
    package var stop: Stop
    /// The wall clock; a test may stand still.
    package var now: @Sendable () -> Instant
    /// What the uploads to all buckets of this run may hold together.
    let uploadMemory = UploadMemory()

    /// Creates a context.
    package init(
        environment: [String: String],
        workingFolder: String,
        host: String,
        stop: Stop,
        now: @escaping @Sendable () -> Instant
    ) {
        self.environment = environment
        self.workingFolder = workingFolder
        self.host = host
        self.stop = stop
        self.now = now
    }

    /// The console as `output` wants it.
    func console(_ output: OutputOptions) -> Console {
        Console(environment: environment, quiet: output.quiet)
    }

    /// A path as typed, made absolute.
    func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        if path == "~" || path.hasPrefix("~/"), let home = environment["HOME"] { return home + path.dropFirst() }
        return workingFolder + "/" + path
    }
}

/// The name and version of this program, as manifests and `version` say it.
package enum Tool {
    package static let name = "lifeboat"
    package static let version = "0.1.0"
    package static let full = "\(name) \(version)"
}
