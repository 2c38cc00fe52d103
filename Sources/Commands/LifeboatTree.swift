package import CommandLineKit

extension CommandTree where Context == CommandContext {
    /// Everything that can be said to this program.
    package static let lifeboat = CommandTree(
        tool: Tool.name,
        summary: "Back up PostgreSQL, prove that it restores, report against RTO and RPO.",
        notes: [
            "Start with: lifeboat backup postgres://USER@HOST/DATABASE --to ./backups",
            "Then: lifeboat drill --from ./backups",
        ],
        groups: [
            CommandGroup(
                "Begin",
                [CommandEntry(InitCommand.self), CommandEntry(CheckCommand.self), CommandEntry(ScheduleCommand.self)]
            ),
            CommandGroup("Protect", [CommandEntry(BackupCommand.self)]),
            CommandGroup("Recover", [CommandEntry(RestoreCommand.self), CommandEntry(DrillCommand.self)]),
            CommandGroup(
                "Look",
                [
                    CommandEntry(PointsCommand.self), CommandEntry(ShowCommand.self), CommandEntry(DiffCommand.self),
                    CommandEntry(RunsCommand.self), CommandEntry(ReportCommand.self),
                ]
            ),
            CommandGroup(
                "Keep",
                [
                    CommandEntry(VerifyCommand.self), CommandEntry(PruneCommand.self), CommandEntry(HoldCommand.self),
                ]
            ),
            CommandGroup(
                "Repositories",
                [
                    CommandEntry(RepoInitCommand.self), CommandEntry(RepoAdmitCommand.self),
                    CommandEntry(RepoCheckCommand.self),
                    CommandEntry(RepoSyncCommand.self), CommandEntry(RepoRepackCommand.self),
                ]
            ),
            CommandGroup(
                "Keys",
                [
                    CommandEntry(KeyShowCommand.self), CommandEntry(KeyNewCommand.self),
                    CommandEntry(KeyEscrowCommand.self), CommandEntry(KeyProtectCommand.self),
                    CommandEntry(KeyTrustCommand.self),
                ]
            ),
            CommandGroup("Help", [CommandEntry(CompletionCommand.self), CommandEntry(VersionCommand.self)]),
        ]
    )
}
