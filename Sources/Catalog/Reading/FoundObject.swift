/// An object as one kind's reader found it: the value, and where it and its parts lie in the catalogs.
struct FoundObject {
    var object: CatalogObject
    var address: CatalogAddress
    /// Other rows that mean this object when something depends on them: a table's row type, a constraint's index.
    var aliases: [CatalogAddress] = []
    /// The object that takes this one along when it is excluded.
    var belongsTo: CatalogAddress?
    var stages: [FoundStage]
    /// Parts of the creating statement that can be moved to a stage of their own when they take part in a cycle.
    var parts: [InlinePart] = []
    /// Writes the creating statements with the parts that stay inline; nil when `stages[0]` has them already.
    var compose: ((_ isInline: [Bool]) -> [String])?
    /// For views: the statement that creates the same columns without the query, should the view be in a cycle.
    var placeholder: String?
    /// The stage others wait for: a base type can be used only when it is complete.
    var usableStage = 0

    var kind: ObjectKind { object.identity.kind }

    init(_ object: CatalogObject, at address: CatalogAddress, stages: [FoundStage]) {
        self.object = object
        self.address = address
        self.stages = stages
    }
}

/// A stage before its dependencies are known as identities.
struct FoundStage {
    var purpose: Stage.Purpose
    var section: RestoreSection
    var statements: [String]
    /// Rows of `pg_depend` with one of these as the dependent count for this stage.
    var sources: [CatalogAddress]
    /// Dependencies that `pg_depend` does not have.
    var needs: [(address: CatalogAddress, stage: Int)] = []

    init(
        _ purpose: Stage.Purpose,
        _ section: RestoreSection,
        _ statements: [String],
        sources: [CatalogAddress] = [],
        needs: [(address: CatalogAddress, stage: Int)] = []
    ) {
        self.purpose = purpose
        self.section = section
        self.statements = statements
        self.sources = sources
        self.needs = needs
    }
}

/// A column default or a check constraint inside a creating statement.
struct InlinePart {
    var purpose: Stage.Purpose
    var address: CatalogAddress
    /// What does the same later; empty when the part cannot be moved.
    var separately: [String]
}
