import CommandLineKit
import Diagnostics

extension CommandExitStatus {
    init(_ status: ExitStatus, _ meaning: String) { self.init(status.rawValue, meaning) }

    private static let always: [CommandExitStatus] = [
        CommandExitStatus(.done, "done"), CommandExitStatus(.failed, "failed, for a reason on this machine"),
        CommandExitStatus(.usage, "the command line is wrong"),
    ]

    /// Of commands that only look into a repository.
    static let reading =
        always + [
            CommandExitStatus(.settings, "the settings are wrong"),
            CommandExitStatus(.key, "a key or a signature is missing or wrong"),
            CommandExitStatus(.repository, "the repository, or an object in it"),
            CommandExitStatus(.interrupted, "interrupted"),
        ]

    /// Of commands that also talk to a database.
    static let working =
        reading + [
            CommandExitStatus(.partial, "done in some of the repositories, not in all"),
            CommandExitStatus(.busy, "another run is at it"),
            CommandExitStatus(.database, "a database"),
        ]

    /// Of commands that touch neither.
    static let local = always + [CommandExitStatus(.settings, "the settings are wrong")]

    /// Of commands that judge.
    static let judging =
        working + [
            CommandExitStatus(.objectiveMissed, "an objective is missed, or a drill failed"),
            CommandExitStatus(.unverified, "something could not be checked; never a pass"),
        ]
}
