import Catalog
import Model

/// What a partial restore leaves behind although somebody may count on it: said, because nothing fails over it.
struct SelectionLosses {
    let omissions: [Omission]

    init(_ manifest: Manifest, _ part: DatabaseCatalog, _ selection: RestoreSelection) {
        guard !selection.isEverything else {
            omissions = []
            return
        }
        let made = part.made(.table)
        var omissions = manifest.tables.filter { table in
            !selection.includes(table) && table.proof.rows > 0
                && made.contains(table.identity)
        }.map { table in
            Omission(
                object: "rows of \(table.fullName)",
                reason: "only its definition is needed by the selection"
            )
        }
        if let count = manifest.largeObjects?.objects.count, count > 0 {
            omissions.append(
                Omission(
                    object: "large objects",
                    reason: "the point has \(count), and only a whole restore brings them: an oid in a restored row may"
                        + " lead to none"
                )
            )
        }
        self.omissions = omissions
    }
}
