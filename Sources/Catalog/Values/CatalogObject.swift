/// One object of a database as a value: enough to export it, to create it again, and to compare it with another.
package struct CatalogObject: Codable, Sendable, Hashable {
    package var identity: ObjectIdentity
    /// The object's name as SQL wants it after the kind's keyword, quoted: `"public"."orders"`, `"f"(integer)`.
    package var reference: String
    /// What creates the object, in order; never empty unless only privileges or comments of a system object are kept.
    package var stages: [Stage]
    package var owner: String?
    /// Who may do what; nil when the kind has no privileges or nobody ever changed the built-in ones.
    package var privileges: Privileges?
    /// Comments and security labels, on the object itself and on its parts.
    package var remarks: [Remark]
    /// Facts that the statements do not say but that a comparison should see, such as an extension's version.
    package var facts: [String: String]

    init(_ identity: ObjectIdentity, reference: String, stages: [Stage] = [], owner: String? = nil) {
        self.identity = identity
        self.reference = reference
        self.stages = stages
        self.owner = owner
        remarks = []
        facts = [:]
    }
}

/// One step of creating an object, run as a whole once everything it depends on is there.
///
/// Most objects have one. A second one exists where the object takes part in a cycle, or where it is finished only
/// after others exist: `ATTACH PARTITION`, `OWNED BY`, a view that was first created with its columns only.
package struct Stage: Codable, Sendable, Hashable {
    package var purpose: Purpose
    package var section: RestoreSection
    /// One SQL statement each, without a semicolon, laid out in lines so that a difference is legible.
    package var statements: [String]
    package var dependencies: [Dependency]

    /// What a stage is for.
    package enum Purpose: String, Codable, Sendable {
        case create
        case complete
        case columnDefault = "default"
        case constraint
        case attach
        case ownedBy = "owned-by"
        case setting
        case refresh
    }

    init(
        _ purpose: Purpose,
        _ section: RestoreSection,
        _ statements: [String],
        dependencies: [Dependency] = []
    ) {
        self.purpose = purpose
        self.section = section
        self.statements = statements
        self.dependencies = dependencies
    }
}

/// What must exist before a stage can run.
package struct Dependency: Codable, Sendable, Hashable {
    package var object: ObjectIdentity
    /// Which stage of that object is needed; 0 is its creation.
    package var stage: Int
}

/// A comment, or a security label, on an object or a part of it.
package struct Remark: Codable, Sendable, Hashable {
    /// What it is on, as SQL: `TABLE "public"."orders"`, `COLUMN "public"."orders"."id"`.
    package var target: String
    /// The label's provider; nil for a comment.
    package var provider: String?
    package var text: String

    /// The statement that makes it.
    var statement: String {
        guard let provider else { return "COMMENT ON \(target) IS \(literal(text))" }
        return "SECURITY LABEL FOR \(quoted(provider)) ON \(target) IS \(literal(text))"
    }
}

/// When a stage runs, in order of the cases.
///
/// Table data is loaded between `preData` and `postData`.
package enum RestoreSection: String, Codable, Sendable, CaseIterable, Comparable {
    /// Roles and memberships, once per server.
    case roles
    /// Everything that data needs: schemas, types, functions, tables.
    case preData = "pre-data"
    /// Indexes, constraints, triggers, policies, late views: may run in parallel by dependency.
    case postData = "post-data"
    /// Owners were set on the way; grants, default privileges and settings come here.
    case privileges
    /// Contents of materialized views, by dependency.
    case refresh
    /// What would act on the restore itself: event triggers.
    case last

    package static func < (a: RestoreSection, b: RestoreSection) -> Bool { a.position < b.position }

    var position: Int {
        switch self {
        case .roles: 0
        case .preData: 1
        case .postData: 2
        case .privileges: 3
        case .refresh: 4
        case .last: 5
        }
    }
}
