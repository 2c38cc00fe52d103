import Catalog
import Diagnostics
import Model

/// Decides where tables and indexes go that lay in a tablespace: the target may have other disks.
struct TablespacePlan {
    let catalog: DatabaseCatalog
    let omissions: [Omission]

    /// Throws before anything is written when a tablespace that was named is not there.
    init(_ catalog: DatabaseCatalog, _ options: RestoreOptions, _ inspection: TargetInspection) throws {
        let used = catalog.tablespaces
        if options.isScratchCluster {
            // It has one disk; the drill says so itself.
            self.catalog = catalog.movingTablespaces { _ in nil }
            omissions = []
            return
        }
        for (source, target) in options.tablespaces.sorted(by: { $0.key < $1.key }) {
            try Self.check(source, target, used, inspection)
        }
        self.catalog = catalog.movingTablespaces { options.tablespaces[Spelling($0)]?.text ?? $0 }
        let missing = used.keys.sorted().filter { source in
            options.tablespaces[source] == nil && !inspection.tablespaces.contains(source)
        }
        omissions = missing.map { source in
            Omission(
                object: "tablespace \(source)",
                reason: "the target has none of that name that may be used: what lay in it (\(used[source] ?? 0) tables"
                    + " and indexes) is in the database's own; another is named with --tablespace '\(source)=NAME'"
            )
        }
    }

    private static func check(
        _ source: Spelling,
        _ target: Spelling,
        _ used: [Spelling: Int],
        _ inspection: TargetInspection
    ) throws {
        guard used[source] != nil else {
            throw Diagnostic(
                .usage,
                "nothing that is restored lies in a tablespace '\(source)'",
                cause: used.isEmpty
                    ? "everything lies in the database's own"
                    : "there are " + used.keys.sorted().map { "'\($0)'" }.joined(separator: ", "),
                hint: "Give --tablespace SOURCE=TARGET the names of both."
            )
        }
        guard inspection.tablespaces.contains(target) else {
            throw Diagnostic(
                .targetRefused,
                "the target has no tablespace '\(target)' that may be used",
                cause: "it was named for what lies in '\(source)'",
                hint: "Create it or grant CREATE on it first, or name another with --tablespace."
            )
        }
    }
}
