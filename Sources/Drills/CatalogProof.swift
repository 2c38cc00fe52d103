import Catalog
import Model
import PostgresClient
import Restore
import Streams

/// Reads the copy's catalog and compares it with the point's, object by object.
struct CatalogProof {
    let catalog: DatabaseCatalog
    /// The scratch cluster's own superuser, which the source did not have.
    let scratchRole: String
    /// What could not be had as on the source; it is reported on its own and not as a difference.
    let deviations: [Omission]
    /// Materialized views that were left without rows, on purpose or because they cannot be filled.
    let unfilled: Set<ObjectIdentity>
    /// What the scratch server refused, which leaves the drill unverified already.
    let refused: RefusedParts

    /// How much came back as it was, and what to know about it.
    func run(on settings: ConnectionSettings, stop: Stop) throws -> (score: DrillRun.CatalogScore, notices: [Omission])
    {
        let connection = try RestoreSession.openForDefinitions(settings, stop: stop)
        let copy = try connection.withTransaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") {
            try CatalogReader(connection).read()
        }
        let difference = try ServerSpelling(connection, first: emptied, copy: copy).settled(
            CatalogDifference.compare(catalog, copy, normalised: normalised)
        )
        let changed = difference.objects.count { $0.change != .extra }
        let score = DrillRun.CatalogScore(
            equal: difference.total - changed,
            total: difference.total,
            differences: difference.objects.map(Self.sentence)
        )
        return (score, otherVersions(copy))
    }

    /// A server creates the version of an extension that it has, here and in an emergency; rows and definitions were
    /// proven with that one.
    private func otherVersions(_ copy: DatabaseCatalog) -> [Omission] {
        let here = Dictionary(
            copy.objects(of: .extension).map { (Spelling($0.identity.name), $0.facts["version"]) },
            uniquingKeysWith: { first, _ in first }
        )
        return catalog.objects(of: .extension).compactMap { object in
            guard let was = object.facts["version"], let now = here[Spelling(object.identity.name)] ?? nil, was != now
            else { return nil }
            return Omission(
                object: object.identity.description,
                reason: "the source has version \(was), the server programs here bring \(now)"
            )
        }
    }

    /// What the scratch cluster cannot have as the source has it, and is therefore not compared.
    static func notices(_ catalog: DatabaseCatalog) -> [Omission] {
        catalog.tablespaces.sorted { $0.key < $1.key }.map { space, count in
            Omission(
                object: "tablespace \(space)",
                reason: "the scratch cluster has one disk: that \(count) tables and indexes lie there was not compared"
            )
        }
    }

    /// What was left without rows: its definition is compared all the same.
    static func notices(unfilled: Set<ObjectIdentity>) -> [Omission] {
        unfilled.sorted().map { view in
            Omission(
                object: "\(view)",
                reason: "it is filled from foreign tables, and a rehearsal asks no other server for rows"
            )
        }
    }

    /// The catalog as the copy can have it: another spelling of a view is settled only where all else is the same.
    private var emptied: DatabaseCatalog {
        var emptied = catalog
        for index in emptied.objects.indices where unfilled.contains(emptied.objects[index].identity) {
            emptied.objects[index].stages.removeAll { $0.purpose == .refresh }
        }
        for index in emptied.objects.indices { leaveOutSettings(of: &emptied.objects[index]) }
        return emptied
    }

    /// Takes away what the scratch server cannot have.
    private func leaveOutSettings(of object: inout CatalogObject) {
        guard let settings = refused.settings[object.identity] else { return }
        for index in object.stages.indices { object.stages[index].statements.removeAll(where: settings.contains) }
    }

    private func normalised(_ object: CatalogObject) -> CatalogObject? {
        if object.identity.kind == .role, object.identity.name == scratchRole { return nil }
        var object = object
        object.tablespace = nil
        if object.identity.kind == .extension { object.facts["version"] = nil }
        if refused.labels.contains(object.identity) { object.remarks.removeAll { $0.provider != nil } }
        leaveOutSettings(of: &object)
        if refused.validity.contains(object.identity) { object.stages = object.stages.map(Self.forAnyRows) }
        if unfilled.contains(object.identity) {
            object.facts["populated"] = nil
            object.stages.removeAll { $0.purpose == .refresh }
        }
        guard object.identity.kind == .database, !deviations.isEmpty else { return object }
        object.facts["collate"] = nil
        object.facts["ctype"] = nil
        return object
    }

    /// A condition without whether the rows were held against it.
    private static func forAnyRows(_ stage: Stage) -> Stage {
        var stage = stage
        stage.statements = stage.statements.map { statement in
            let suffix = RestoreStep.lookingAtNoRows.first(where: statement.hasSuffix) ?? ""
            return String(statement.dropLast(suffix.count))
        }
        return stage
    }

    private static func sentence(_ difference: ObjectDifference) -> String {
        switch difference.change {
        case .missing: return "\(difference.object) is missing"
        case .extra: return "\(difference.object) was not there"
        case .changed(let fields):
            let details = fields.map { field in
                let was = field.removed.first.map { " was: \($0)" } ?? ""
                let now = field.added.first.map { " is: \($0)" } ?? ""
                return "\(field.field)\(was)\(now)"
            }
            return "\(difference.object) differs in \(details.joined(separator: "; "))"
        }
    }
}
