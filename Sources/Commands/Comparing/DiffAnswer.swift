import Catalog
import Model

/// The JSON answer of `diff`, and what its text is made from.
struct DiffAnswer: Encodable, Sendable {
    var first: Side
    var second: Side
    var isSame: Bool
    var objects: [ObjectChange]
    var tables: [TableChange]
    /// Roles that only the second side has, where that is a database of another cluster: they are other databases' affair.
    var rolesLeftOut: [String]?

    struct Side: Encodable, Sendable {
        var name: String
        var serverMajor: Int
        var objects: Int
    }

    struct ObjectChange: Encodable, Sendable {
        /// How a person reads it: `index orders_by_day on shop.orders`.
        var object: String
        var kind: String
        var schema: String?
        var name: String
        var signature: String?
        var parent: String?
        var change: Change
        var fields: [Field]?

        enum Change: String, Encodable, Sendable {
            case removed
            case added
            case changed
        }
    }

    struct Field: Encodable, Sendable {
        var field: String
        var removed: [String]
        var added: [String]
    }

    struct TableChange: Encodable, Sendable {
        var table: String
        var rowsBefore: Int64?
        var rowsAfter: Int64?
        var rowsAreEstimated: Bool
        /// Whether the rows themselves differ; absent where that was not measured on both sides.
        var contentDiffers: Bool?
    }

    init(_ first: ComparedDatabase, _ second: ComparedDatabase) {
        var difference = CatalogDifference.compare(first.catalog, second.catalog)
        if second.isLive, let cluster = first.cluster, let other = second.cluster, cluster != other {
            let roles = difference.objects.filter { $0.object.kind == .role && $0.change == .extra }
            difference.objects.removeAll(where: roles.contains)
            rolesLeftOut = roles.isEmpty ? nil : roles.map(\.object.name)
        }
        self.first = Side(first)
        self.second = Side(second)
        objects = difference.objects.map(ObjectChange.init)
        isSame = objects.isEmpty
        tables = TableChange.all(first.tables, second.tables)
    }
}

extension DiffAnswer.Side {
    init(_ database: ComparedDatabase) {
        self.init(name: database.name, serverMajor: database.serverMajor, objects: database.catalog.objects.count)
    }
}

extension DiffAnswer.ObjectChange {
    init(_ difference: ObjectDifference) {
        let identity = difference.object
        object = identity.description
        kind = identity.kind.rawValue
        schema = identity.schema
        name = identity.name
        signature = identity.signature
        parent = identity.parent
        switch difference.change {
        case .missing: change = .removed
        case .extra: change = .added
        case .changed(let fields):
            change = .changed
            self.fields = fields.map { DiffAnswer.Field(field: $0.field, removed: $0.removed, added: $0.added) }
        }
    }
}

extension DiffAnswer.TableChange {
    /// Tables of both sides whose number of rows or content differs, or that only one side has.
    static func all(_ first: [ComparedTable], _ second: [ComparedTable]) -> [Self] {
        let before = Dictionary(first.map { ($0.name, $0) }) { first, _ in first }
        let after = Dictionary(second.map { ($0.name, $0) }) { first, _ in first }
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            let (old, new) = (before[name], after[name])
            let change = Self(
                table: name.description,
                rowsBefore: old?.rows,
                rowsAfter: new?.rows,
                rowsAreEstimated: old?.rowsAreEstimated == true || new?.rowsAreEstimated == true,
                contentDiffers: old?.proof.flatMap { proof in new?.proof.map { $0 != proof } }
            )
            guard old != nil, new != nil else { return change }
            return change.rowsBefore != change.rowsAfter || change.contentDiffers == true ? change : nil
        }
    }
}
