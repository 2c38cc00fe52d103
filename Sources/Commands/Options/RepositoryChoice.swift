import Diagnostics
import Repository
import Settings

/// A repository as it is named on the command line: by its name in lifeboat.json, else by its place.
struct RepositoryChoice: Sendable {
    let typed: String
    let config: String?

    /// Where it is; a name in the settings goes before a folder of that name.
    func place(in context: CommandContext) throws -> RepositoryPlace {
        // What cannot be a name needs no settings, not even sound ones.
        if !typed.contains("/"), typed != ".", typed != "..",
            let settings = try SettingsChoice(config: config).loadIfPresent(in: context),
            let found = settings.repository(typed)
        {
            return RepositoryPlace(found, in: context)
        }
        return try RepositoryPlace(typed: typed, in: context)
    }

    /// The store behind it.
    func store(in context: CommandContext, for use: StoreUse = .working) throws -> any ObjectStore {
        try place(in: context).store(in: context, for: use)
    }
}

extension StoreCapabilities {
    /// What the store guarantees, as people read it.
    var facts: [(guarantee: String, holds: Bool)] {
        [
            ("creates an object only where there is none, also when two clients try at once", createsExclusively),
            ("has an object on stable storage when it says that it was written", isDurable),
        ]
    }

    /// What was recorded and is not so any more, or the other way round, a sentence each.
    func changes(since recorded: StoreCapabilities) -> [String] {
        zip(facts, recorded.facts).compactMap { now, before in
            guard now.holds != before.holds else { return nil }
            return now.holds ? "it now \(now.guarantee)" : "it no longer \(now.guarantee)"
        }
    }
}
