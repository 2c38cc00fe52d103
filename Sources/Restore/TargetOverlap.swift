import Catalog
import Diagnostics
import Model

/// Decides about names that the target has already; pure.
///
/// What was asked for is refused, because it would fail in the middle. What only comes along, such as the schema of a
/// table or the type of a column, is taken as it is.
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
        let there = part.objects.map(\.identity).filter(names.contains)
        let taken = there.filter { identity in
            identity == Self.publicSchema && selection.isEverything ? false : Self.comesAlong(identity, selection)
        }
        let refused = there.filter { $0 != Self.publicSchema && !Self.comesAlong($0, selection) }
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

    private static func comesAlong(_ identity: ObjectIdentity, _ selection: RestoreSelection) -> Bool {
        guard !selection.isEverything else { return false }
        return identity.kind == .schema || !SelectionClosure.isSelected(identity, selection)
    }
}
