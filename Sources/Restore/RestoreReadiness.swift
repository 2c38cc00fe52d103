package import Catalog
package import Model
import Streams

/// What is known before anything is written: what is restored, into what, and what may be refused.
///
/// Everything that can be refused beforehand is refused here.
struct RestoreReadiness {
    let selection: RestoreSelection
    let inspection: TargetInspection
    /// What is created.
    let catalog: DatabaseCatalog
    /// The tables whose rows are loaded.
    private(set) var tables: [TableData]
    /// The sequences that are set.
    private(set) var sequences: [SequenceState]
    /// Those of both that were there before.
    let standing: StandingTables
    let omissions: [Omission]
    /// What the target may refuse without loss of rows; nil when it has no reason to refuse anything.
    let uncertain: Set<ObjectIdentity>?

    /// Those of the tables that come with an extension: none of the definitions makes them.
    var extensionTables: [TableData] { Self.extensionTables(tables, catalog) }

    private static func extensionTables(_ tables: [TableData], _ catalog: DatabaseCatalog) -> [TableData] {
        let made = catalog.made(.table)
        return tables.filter { !made.contains($0.identity) }
    }

    /// A table's sequences came along with its definition; at their start they would give out its keys a second time.
    private static func sequences(
        _ manifest: Manifest,
        _ catalog: DatabaseCatalog,
        _ selection: RestoreSelection
    ) -> [SequenceState] {
        let made = catalog.made(.sequence)
        return manifest.sequences.filter { state in
            switch selection {
            case .everything: true
            case .schemas(let names) where names.contains(Spelling(state.schema)): true
            default: made.contains(state.identity)
            }
        }
    }

    private static func extensionSequences(_ states: [SequenceState], _ catalog: DatabaseCatalog) -> [TableName] {
        let made = catalog.made(.sequence)
        return states.filter { !made.contains($0.identity) }.map { TableName(schema: $0.schema, name: $0.name) }
    }

    /// Looks at the target of `restorer` and writes nothing that stays.
    init(for restorer: Restorer, _ selection: RestoreSelection, _ stop: Stop) throws {
        let (manifest, options) = (restorer.manifest, restorer.options)
        let connection = try RestoreSession.openForDefinitions(restorer.target, stop: stop)
        let inspection = try TargetInspection(connection)
        self.selection = selection
        self.inspection = inspection
        try inspection.requireOther(than: manifest.continuity?.cluster, allowing: options.confirmedName)
        try inspection.requireEmpty(allowing: options.confirmedName)
        let part = SelectionClosure(restorer.catalog, selection)
        try inspection.requireFit(for: manifest, part.catalog)
        let places = try TablespacePlan(part.catalog, options, inspection)
        let losses = SelectionLosses(manifest, part.catalog, selection)
        let omissions = part.omissions + places.omissions + losses.omissions
        let tables = manifest.tables.filter(selection.includes)
        guard !options.isScratchCluster else {
            (catalog, self.omissions, uncertain) = (places.catalog, omissions, nil)
            (self.tables, sequences, standing) = (tables, manifest.sequences, StandingTables())
            return
        }
        try inspection.requireEncoding(of: manifest.source)
        let overlap = try TargetOverlap(places.catalog, selection, inspection.names, database: inspection.database)
        if selection.isEverything, let data = manifest.largeObjects {
            try LargeObjectOverlap(data.objects, connection).requireNone(in: inspection.database)
        }
        let catalog = overlap.catalog.withoutComments(inspection.extensionComments)
        sequences = Self.sequences(manifest, catalog, selection)
        let extensionTables = Self.extensionTables(tables, catalog)
        let extensionSequences = Self.extensionSequences(sequences, catalog)
        standing = try StandingTables(extensionTables, extensionSequences, connection)
        try standing.requireEmpty(in: inspection.database, allowing: options.confirmedName)
        self.tables = tables.filter { [standing] in !standing.occupied.contains($0.fullName) }
        let powers = inspection.powers
        try powers.requireCreation(of: catalog, in: inspection.database, inspection.names)
        let trial = try ExtensionTrial(catalog, powers, connection)
        let kept = extensionTables.filter { $0.proof.rows > 0 }.map(\.fullName) + extensionSequences
        let needs = try SuperuserNeeds(
            catalog,
            powers,
            refusedExtensions: trial.refused,
            unmade: try trial.unmade(of: kept.filter { [standing] in !standing.names.contains($0) }, role: powers.role)
        )
        // A superuser may do everything, but not for roles that nobody creates.
        let isAllowedAll = powers.isSuperuser && options.createsRoles && selection.isEverything
        self.catalog = catalog
        self.omissions = omissions + overlap.omissions + standing.omissions(tables)
        uncertain = isAllowedAll ? nil : needs.uncertain
    }
}

extension RestoreReadiness {
    /// Expects nothing of `objects` any more: the target refused to make them.
    mutating func leaveOut(_ objects: Set<ObjectIdentity>) {
        guard !objects.isEmpty else { return }
        tables.removeAll { objects.contains($0.identity) }
        sequences.removeAll { objects.contains($0.identity) }
    }
}

extension CatalogObject {
    /// Whether its definition makes it.
    ///
    /// What comes with an extension, or with the server, is an object too where it has privileges of its own.
    var isMade: Bool { stages.contains { $0.purpose == .create } }
}

extension SequenceState {
    /// The sequence as the catalog names it.
    package var identity: ObjectIdentity { ObjectIdentity(.sequence, schema: schema, name: name) }
}

extension DatabaseCatalog {
    /// The objects of a kind that the definitions make.
    func made(_ kind: ObjectKind) -> Set<ObjectIdentity> { Set(objects(of: kind).filter(\.isMade).map(\.identity)) }

    /// Without those comments on extensions that the target's have anyway: only an extension's owner may set them.
    fileprivate func withoutComments(_ known: [String: String]) -> DatabaseCatalog {
        var copy = self
        for index in copy.objects.indices where copy.objects[index].identity.kind == .extension {
            let usual = known[copy.objects[index].identity.name]
            copy.objects[index].remarks.removeAll { $0.provider == nil && $0.text == usual }
        }
        return copy
    }
}
