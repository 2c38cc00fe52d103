import CommandLineKit
import Model
import Policy

/// Turns the tree of `lifeboat.json` into settings, and collects everything that is wrong on the way.
struct SettingsReader {
    /// The file as it was named.
    let path: String
    /// What relative paths in it start from.
    let folder: String
    let policies: RetentionPolicies
    let list: ProblemList

    func settings(_ root: SettingsNode) -> Settings? {
        guard let top = ObjectReader(root, .settings, list) else { return nil }
        let members = top.named("repositories")
        let repositories = members.compactMap { RepositoryReader(folder: folder, list: list).repository($0) }
        let scratch = top.named("scratch").compactMap(scratch)
        if case .object(let all)? = top.node("repositories")?.value, all.isEmpty {
            list.add(
                "'repositories' names no repository",
                at: top.node("repositories")?.position ?? top.position,
                hint: "add one: local: { path: \"./repository\" }."
            )
        }
        let names = Names(repositories: members.map(\.key), scratch: scratch)
        let plans = top.named("plans").compactMap { PlanReader(settings: self, names: names).plan($0) }
        guard list.problems.isEmpty else { return nil }
        return Settings(path: path, repositories: repositories, scratch: scratch, plans: plans, retention: policies)
    }

    /// What plans may refer to.
    struct Names {
        let repositories: [String]
        let scratch: [ScratchSettings]
    }

    private func scratch(_ member: SettingsNode.Member) -> ScratchSettings? {
        if case .string(let word) = member.value.value {
            if word == "ephemeral" { return ScratchSettings(name: member.key, folder: nil) }
            list.add(
                "'\(word)' is no scratch target",
                at: member.value.position,
                hint: Suggestion.nearest(to: word, in: ["ephemeral"]).map { "did you mean '\($0)'?" }
                    ?? "use \"ephemeral\" or { folder: \"/path\" }."
            )
            return nil
        }
        guard let reader = ObjectReader(member.value, .scratch, list), let path = reader.text("folder") else {
            return nil
        }
        return ScratchSettings(name: member.key, folder: path.resolved(against: folder))
    }
}

extension String {
    /// The path, made to start from `folder` when it is relative.
    func resolved(against folder: String) -> String {
        if hasPrefix("/") || folder.isEmpty { return self }
        let rest = hasPrefix("./") ? String(dropFirst(2)) : self
        return folder.hasSuffix("/") ? folder + rest : folder + "/" + rest
    }
}
