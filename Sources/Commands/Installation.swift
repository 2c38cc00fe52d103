import Diagnostics
import Repository
import Settings
import Streams
import Terminal

/// What `init` makes, in an order in which an interrupted run is simply done again: the settings file comes last.
struct Installation: Sendable {
    let choices: InitChoices
    let repository: Repository
    let keysMade: KeysMade
    private let repositoryIsNew: Bool

    /// Creates what is missing; blocks.
    init(_ choices: InitChoices, in context: CommandContext) throws {
        self.choices = choices
        let text = try choices.text()
        let (keyring, made) = try KeyOptions().keyringOrNew(in: context)
        keysMade = made
        let store = try choices.repository.store(in: context)
        do {
            repository = try Repository.create(in: store, keyring: keyring, now: context.now())
            repositoryIsNew = true
        } catch let error as Diagnostic where error.code == .objectExists {
            repository = try Repository.open(store, keyring: keyring)
            repositoryIsNew = false
        }
        try keyring.noteOnEscrowSheet(repository: repository.descriptor, place: choices.repository.text)
        let file = try AtomicFile(path: choices.configPath, .create)
        try file.write(text: text)
        try file.finish()
    }

    /// What was made.
    var lines: [StyledText] {
        [
            StyledText("settings    \(choices.configPath)"),
            StyledText("repository  \(choices.repository.text)\(repositoryIsNew ? "" : " (was there already)")"),
            StyledText(
                "keys        \(repository.keyring.folder)\(keysMade == .nothing ? " (were there already)" : "")"
            ),
        ]
    }

    /// What would fail tonight, with the settings as they were written.
    func check(in context: CommandContext) -> [CheckFinding] {
        var list = CheckList(plan: nil)
        guard let settings = list.attempt("settings", { try Settings.load(choices.configPath) }),
            let plan = settings.plans.first
        else { return list.findings }
        let target = CheckTarget(
            title: plan.name,
            plan: plan,
            source: .plan(plan.source),
            places: [choices.repository]
        )
        return TargetCheck(target: target, keys: KeyOptions(), context: context).run().findings
    }

    /// The two commands to type now.
    func nextSteps(hasError: Bool) -> [StyledText] {
        let usual = choices.configPath.hasSuffix("/" + SettingsFile.name)
        let config = usual ? "" : " --config \(shellQuoted(choices.configPath))"
        let first: StyledText =
            hasError
            ? "When the errors above are gone, take the first point and prove it:"
            : "Take the first point and prove it:"
        return [
            "", first, StyledText("  lifeboat backup\(config)", .bold), StyledText("  lifeboat drill\(config)", .bold),
        ]
    }
}
