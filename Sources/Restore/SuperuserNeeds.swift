import Catalog
import Diagnostics
import Model

/// Sorts out what a role without a superuser's powers may not be allowed to create; pure.
///
/// What nothing else needs is tried at the end and left out where the server refuses: no rows are lost with it. What
/// something else needs would fail in the middle, so it is refused beforehand.
struct SuperuserNeeds {
    /// What is tried at the end.
    let uncertain: Set<ObjectIdentity>

    /// Throws `target-refused` and names everything that a superuser would have to create.
    ///
    /// `unmade` are tables with rows, and sequences, that must come with one of the refused extensions.
    init(
        _ catalog: DatabaseCatalog,
        _ powers: TargetPowers,
        refusedExtensions: Set<ObjectIdentity>,
        unmade: [TableName] = []
    ) throws {
        let needing = Set(
            catalog.objects.filter { object in
                refusedExtensions.contains(object.identity) || Self.isReserved(object, powers)
            }.map(\.identity)
        )
        var leaves = needing.union(catalog.objects.map(\.identity).filter { Self.mayBeRefused.contains($0.kind) })
        if !unmade.isEmpty { leaves.subtract(refusedExtensions) }
        var dependants: [ObjectIdentity: Set<ObjectIdentity>] = [:]
        for object in catalog.objects {
            for needed in object.stages.flatMap(\.dependencies) where leaves.contains(needed.object) {
                dependants[needed.object, default: []].insert(object.identity)
            }
        }
        var rest = leaves.filter { dependants[$0] != nil }
        var isChanged = true
        while isChanged {
            isChanged = false
            for identity in rest where !(dependants[identity] ?? []).isSubset(of: leaves) {
                leaves.remove(identity)
                rest.remove(identity)
                isChanged = true
            }
        }
        uncertain = leaves
        let refused = needing.subtracting(leaves).sorted()
        guard refused.isEmpty else {
            let more = refused.count > 8 ? " and \(refused.count - 8) more" : ""
            let users = refused.prefix(1).compactMap { dependants[$0]?.min()?.description ?? unmade.first?.description }
                .map { "; \($0) needs the first" }
            throw Diagnostic(
                .targetRefused,
                "the role '\(powers.role)' cannot restore this: the database needs what only a superuser may create",
                cause: refused.prefix(8).map(\.description).joined(separator: ", ") + more + users.joined(),
                hint: "Restore as a superuser. If these are extensions, it is enough that one creates them in the"
                    + " target before, and lets the role fill the tables that they keep for their users."
            )
        }
    }

    /// Kinds that a superuser alone may create, of whatever content.
    private static let reserved: Set<ObjectKind> = [
        .language, .accessMethod, .operatorFamily, .operatorClass, .type, .textSearchParser, .textSearchTemplate,
        .foreignDataWrapper,
    ]

    /// Kinds that are refused for some contents, to some roles, or on some servers, and hold no rows.
    private static let mayBeRefused: Set<ObjectKind> = [
        .cast, .conversion, .transform, .policy, .publication, .subscription, .eventTrigger, .defaultPrivileges,
        .database, .role, .userMapping,
    ]

    private static func isReserved(_ object: CatalogObject, _ powers: TargetPowers) -> Bool {
        // What the server itself brought has no stages, only privileges.
        guard !powers.isSuperuser, let first = object.stages.first?.statements.first else { return false }
        if reserved.contains(object.identity.kind) { return true }
        switch object.identity.kind {
        case .function, .procedure:
            let header = FunctionHeader(of: first)
            return header.isLeakproof || !powers.settings.isSuperset(of: header.settings)
                || header.language.map { powers.untrustedLanguages.union(knownUntrusted).contains($0) } ?? false
        case .server: return wrapper(of: first).map(powers.closedWrappers.contains) ?? false
        default: return false
        }
    }

    private static let knownUntrusted: Set<String> = ["c", "internal", "plpython3u", "plperlu", "pltclu"]

    private static func wrapper(of definition: String) -> String? {
        definition.firstMatch(of: /\n    FOREIGN DATA WRAPPER "((?:[^"]|"")+)"/.matchingSemantics(.unicodeScalar)).map {
            String($0.1).replacing("\"\"", with: "\"")
        }
    }
}
