/// The OIDs of the system catalogs themselves: fixed in every PostgreSQL.
enum SystemCatalog {
    static let type: UInt32 = 1247
    static let procedure: UInt32 = 1255
    static let relation: UInt32 = 1259
    static let role: UInt32 = 1260
    static let database: UInt32 = 1262
    static let foreignServer: UInt32 = 1417
    static let userMapping: UInt32 = 1418
    static let foreignDataWrapper: UInt32 = 2328
    static let accessMethod: UInt32 = 2601
    static let operatorMember: UInt32 = 2602
    static let procedureMember: UInt32 = 2603
    static let attributeDefault: UInt32 = 2604
    static let cast: UInt32 = 2605
    static let constraint: UInt32 = 2606
    static let conversion: UInt32 = 2607
    static let language: UInt32 = 2612
    static let largeObject: UInt32 = 2613
    static let namespace: UInt32 = 2615
    static let operatorClass: UInt32 = 2616
    static let `operator`: UInt32 = 2617
    static let rewrite: UInt32 = 2618
    static let trigger: UInt32 = 2620
    static let operatorFamily: UInt32 = 2753
    static let `extension`: UInt32 = 3079
    static let policy: UInt32 = 3256
    static let statistics: UInt32 = 3381
    static let collation: UInt32 = 3456
    static let eventTrigger: UInt32 = 3466
    static let transform: UInt32 = 3576
    static let textSearchDictionary: UInt32 = 3600
    static let textSearchParser: UInt32 = 3601
    static let textSearchConfiguration: UInt32 = 3602
    static let textSearchTemplate: UInt32 = 3764
    static let subscription: UInt32 = 6100
    static let publication: UInt32 = 6104
    static let publicationTable: UInt32 = 6106
    static let publicationNamespace: UInt32 = 6237
    static let defaultPrivileges: UInt32 = 826
}

/// Where an object lies in one server's catalogs; means nothing elsewhere.
struct CatalogAddress: Hashable, Sendable {
    var catalog: UInt32
    var oid: UInt32

    init(_ catalog: UInt32, _ oid: UInt32) {
        self.catalog = catalog
        self.oid = oid
    }

    init(number: UInt64) { self.init(UInt32(truncatingIfNeeded: number >> 32), UInt32(truncatingIfNeeded: number)) }

    /// Both in one number.
    var number: UInt64 { UInt64(catalog) << 32 | UInt64(oid) }

    /// One number is hashed in half the time of two, and there are hundreds of thousands.
    func hash(into hasher: inout Hasher) { hasher.combine(number) }
}
