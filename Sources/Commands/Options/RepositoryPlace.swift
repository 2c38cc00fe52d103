import Diagnostics
import Repository

/// Where a repository is, as people write it.
enum RepositoryPlace {
    /// The store at `text`; a folder for now.
    static func store(_ text: String, in context: CommandContext) throws -> any ObjectStore {
        if let scheme = text.firstMatch(of: /^([a-z0-9]+):\/\//)?.1, scheme != "file" {
            throw Diagnostic(
                .usage,
                "cannot use '\(redacted(text))' as a repository",
                cause: "this version stores in folders only",
                hint: "Name a folder: a mounted volume, or one that another tool copies away."
            )
        }
        let path = text.hasPrefix("file://") ? String(text.dropFirst("file://".count)) : text
        return FolderStore(path: context.absolute(path))
    }
}
