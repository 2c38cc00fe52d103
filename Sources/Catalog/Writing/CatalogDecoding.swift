import Model

/// The catalog's values out of JSON, member by member; `Codable` takes ten times as long for tens of thousands of objects.
///
/// `Tests/CatalogTests/CatalogSectionTests.swift` holds it against the encoder. Members that this version does not know
/// are passed over, as the format demands.
extension DatabaseCatalog {
    init(from json: inout JSONReader) throws {
        var serverMajor: Int?
        var objects: [CatalogObject]?
        var notices: [String]?
        try json.object { json, name in
            switch name {
            case "serverMajor": serverMajor = try json.int()
            case "objects": objects = try json.list { try CatalogObject(from: &$0) }
            case "notices": notices = try json.strings()
            default: try json.skip()
            }
        }
        self.init(
            serverMajor: try json.require(serverMajor, "serverMajor"),
            objects: try json.require(objects, "objects"),
            notices: try json.require(notices, "notices")
        )
    }
}

extension JSONReader {
    fileprivate mutating func list<Element>(_ element: (inout JSONReader) throws -> Element) throws -> [Element] {
        var elements: [Element] = []
        try array { elements.append(try element(&$0)) }
        return elements
    }

    /// Reads one of the words that an enumeration writes.
    fileprivate mutating func word<Word: RawRepresentable>(_ type: Word.Type) throws -> Word
    where Word.RawValue == String {
        let text = try string()
        guard let word = Word(rawValue: text) else { throw failure("'\(text)' is not known") }
        return word
    }
}

extension CatalogObject {
    fileprivate init(from json: inout JSONReader) throws {
        var identity: ObjectIdentity?
        var reference: String?
        var stages: [Stage]?
        var owner: String?
        var privileges: Privileges?
        var remarks: [Remark]?
        var facts: [String: String]?
        try json.object { json, name in
            switch name {
            case "identity": identity = try ObjectIdentity(from: &json)
            case "reference": reference = try json.string()
            case "stages": stages = try json.list { try Stage(from: &$0) }
            case "owner": owner = try json.optional { try $0.string() }
            case "privileges": privileges = try json.optional { try Privileges(from: &$0) }
            case "remarks": remarks = try json.list { try Remark(from: &$0) }
            case "facts": facts = try json.stringsByName()
            default: try json.skip()
            }
        }
        self.init(
            try json.require(identity, "identity"),
            reference: try json.require(reference, "reference"),
            stages: try json.require(stages, "stages"),
            owner: owner
        )
        self.privileges = privileges
        self.remarks = try json.require(remarks, "remarks")
        self.facts = try json.require(facts, "facts")
    }
}

extension ObjectIdentity {
    fileprivate init(from json: inout JSONReader) throws {
        var kind: ObjectKind?
        var schema: String?
        var object: String?
        var signature: String?
        var parent: String?
        try json.object { json, name in
            switch name {
            case "kind": kind = try json.word(ObjectKind.self)
            case "schema": schema = try json.optional { try $0.string() }
            case "name": object = try json.string()
            case "signature": signature = try json.optional { try $0.string() }
            case "parent": parent = try json.optional { try $0.string() }
            default: try json.skip()
            }
        }
        self.init(
            try json.require(kind, "kind"),
            schema: schema,
            name: try json.require(object, "name"),
            signature: signature,
            parent: parent
        )
    }
}

extension Stage {
    fileprivate init(from json: inout JSONReader) throws {
        var purpose: Purpose?
        var section: RestoreSection?
        var statements: [String]?
        var dependencies: [Dependency]?
        try json.object { json, name in
            switch name {
            case "purpose": purpose = try json.word(Purpose.self)
            case "section": section = try json.word(RestoreSection.self)
            case "statements": statements = try json.strings()
            case "dependencies": dependencies = try json.list { try Dependency(from: &$0) }
            default: try json.skip()
            }
        }
        self.init(
            try json.require(purpose, "purpose"),
            try json.require(section, "section"),
            try json.require(statements, "statements"),
            dependencies: try json.require(dependencies, "dependencies")
        )
    }
}

extension Dependency {
    fileprivate init(from json: inout JSONReader) throws {
        var object: ObjectIdentity?
        var stage: Int?
        try json.object { json, name in
            switch name {
            case "object": object = try ObjectIdentity(from: &json)
            case "stage": stage = try json.int()
            default: try json.skip()
            }
        }
        self.init(object: try json.require(object, "object"), stage: try json.require(stage, "stage"))
    }
}

extension Remark {
    fileprivate init(from json: inout JSONReader) throws {
        var target: String?
        var provider: String?
        var text: String?
        try json.object { json, name in
            switch name {
            case "target": target = try json.string()
            case "provider": provider = try json.optional { try $0.string() }
            case "text": text = try json.string()
            default: try json.skip()
            }
        }
        self.init(
            target: try json.require(target, "target"),
            provider: provider,
            text: try json.require(text, "text")
        )
    }
}

extension Privileges {
    fileprivate init(from json: inout JSONReader) throws {
        var initial: [Grant]?
        var grants: [Grant]?
        var columns: [String: [Grant]]?
        try json.object { json, name in
            switch name {
            case "initial": initial = try json.list { try Grant(from: &$0) }
            case "grants": grants = try json.list { try Grant(from: &$0) }
            case "columns":
                var found: [String: [Grant]] = [:]
                try json.object { json, column in
                    found[column.text] = try json.list { try Grant(from: &$0) }
                }
                columns = found
            default: try json.skip()
            }
        }
        self.init(
            initial: try json.require(initial, "initial"),
            grants: try json.require(grants, "grants"),
            columns: try json.require(columns, "columns")
        )
    }
}

extension Grant {
    fileprivate init(from json: inout JSONReader) throws {
        var grantee: String?
        var grantor: String?
        var privileges: [String]?
        var grantable: [String]?
        try json.object { json, name in
            switch name {
            case "grantee": grantee = try json.optional { try $0.string() }
            case "grantor": grantor = try json.string()
            case "privileges": privileges = try json.strings()
            case "grantable": grantable = try json.strings()
            default: try json.skip()
            }
        }
        self.init(
            grantee: grantee,
            grantor: try json.require(grantor, "grantor"),
            privileges: try json.require(privileges, "privileges"),
            grantable: try json.require(grantable, "grantable")
        )
    }
}
