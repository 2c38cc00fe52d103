/// What an object of a database can be.
///
/// The raw values are part of the archive format and of `--exclude kind:name`; they are never renamed. The order of the
/// cases is the order in which objects without a dependency between them are created.
package enum ObjectKind: String, Codable, Sendable, CaseIterable {
    case role
    case database
    case schema
    case language
    case `extension`
    case accessMethod = "access-method"
    case collation
    case conversion
    case type
    case enumType = "enum"
    case compositeType = "composite"
    case rangeType = "range"
    case domain
    case function
    case procedure
    case aggregate
    case `operator`
    case operatorFamily = "operator-family"
    case operatorClass = "operator-class"
    case cast
    case transform
    case textSearchParser = "text-search-parser"
    case textSearchTemplate = "text-search-template"
    case textSearchDictionary = "text-search-dictionary"
    case textSearchConfiguration = "text-search-configuration"
    case foreignDataWrapper = "foreign-data-wrapper"
    case server
    case userMapping = "user-mapping"
    case sequence
    case table
    case foreignTable = "foreign-table"
    case view
    case materializedView = "materialized-view"
    case largeObject = "large-object"
    case index
    case constraint
    case foreignKey = "foreign-key"
    case statistics
    case rule
    case trigger
    case policy
    case publication
    case subscription
    case eventTrigger = "event-trigger"
    case defaultPrivileges = "default-privileges"
}

extension ObjectKind {
    /// The place of the kind in the order of creation.
    ///
    /// A case without a payload is stored as its number; a lookup by text would be most of the cost of sorting and
    /// hashing identities.
    var priority: Int { Int(unsafeBitCast(self, to: UInt8.self)) }

    /// The keyword after `ALTER`, `COMMENT ON` and `SECURITY LABEL ON`.
    var keyword: String {
        switch self {
        case .role, .database, .schema, .language, .collation, .conversion, .type, .domain, .function, .procedure,
            .aggregate, .operator, .cast, .server, .sequence, .table, .view, .index, .constraint, .statistics, .rule,
            .trigger, .policy, .publication, .subscription, .extension, .transform:
            rawValue.uppercased()
        case .enumType, .compositeType, .rangeType: "TYPE"
        case .foreignKey: "CONSTRAINT"
        case .accessMethod, .operatorFamily, .operatorClass, .textSearchParser, .textSearchTemplate,
            .textSearchDictionary, .textSearchConfiguration, .foreignDataWrapper, .userMapping, .foreignTable,
            .materializedView, .largeObject, .eventTrigger, .defaultPrivileges:
            rawValue.replacing("-", with: " ").uppercased()
        }
    }

    /// The keyword after `GRANT … ON`; nil for kinds without privileges.
    var privilegeKeyword: String? {
        switch self {
        case .database, .schema, .language, .function, .procedure, .sequence: rawValue.uppercased()
        case .aggregate: "FUNCTION"
        case .type, .enumType, .compositeType, .rangeType, .domain: "TYPE"
        case .table, .foreignTable, .view, .materializedView: "TABLE"
        case .foreignDataWrapper, .largeObject: keyword
        case .server: "FOREIGN SERVER"
        default: nil
        }
    }

    /// Whether the object lives on another one (a table or a domain) and goes with it.
    package var belongsToRelation: Bool {
        switch self {
        case .index, .constraint, .foreignKey, .rule, .trigger, .policy: true
        default: false
        }
    }
}
