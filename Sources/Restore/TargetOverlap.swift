import Catalog
import Diagnostics
import Model

/// Decides about names that the target has already; pure.
///
/// What was asked for is refused, because it would fail in the middle; the sequences of its columns are a part of it, since
/// an identity column is none without. What only comes along, such as the schema of a table or the type of a column, is
/// taken as it is.
struct TargetOverlap {
    let catalog: DatabaseCatalog
    let omissions: [Omission]

    /// Throws `target-refused` and names what is there already.
    init(
        _ part: DatabaseCatalog,
        _ selection: RestoreSelection,
        _ names: TargetNames,
        database: String
    ) throws {
        let there = part.objects.filter { $0.isMade && names.contains($0) }.map(\.identity)
        let asked = Self.asked(part, selection)
        let taken = there.filter { !asked.contains($0) }
        let refused = there.filter { asked.contains($0) && $0 != Self.publicSchema }
        guard refused.isEmpty else {
            let more = refused.count > 5 ? " and \(refused.count - 5) more" : ""
            throw Diagnostic(
                .targetRefused,
                "refusing to restore into database '\(database)': names are taken there already",
                cause: refused.sorted().prefix(5).map(\.description).joined(separator: ", ") + more,
                hint: "Drop or rename what is there, select something else, or restore into an empty database."
            )
        }
        let left = Set(taken)
        catalog = left.isEmpty ? part : part.filtered { !left.contains($0.identity) }
        omissions = taken.filter { $0.kind != .schema }.map {
            Omission(object: $0.description, reason: "the target has one of that name, which stays as it is")
        }
    }

    private static let publicSchema = ObjectIdentity(.schema, name: "public")

    /// What was asked for by name, and what belongs to that.
    private static func asked(_ part: DatabaseCatalog, _ selection: RestoreSelection) -> Set<ObjectIdentity> {
        let all = part.objects.map(\.identity)
        guard !selection.isEverything else { return Set(all) }
        let selected = Set(all.filter { $0.kind != .schema && SelectionClosure.isSelected($0, selection) })
        let sequences = part.objects(of: .sequence).filter { SelectionClosure.belongs($0, to: selected) }
        return selected.union(sequences.map(\.identity))
    }
}
