/// The catalog's values as JSON, member by member in the order of the names: what `Codable` gives, some ten times faster.
///
/// `Tests/CatalogTests/CatalogSectionTests.swift` holds every member against the encoder.
extension CatalogSection {
    func write(to json: inout JSONBytes) {
        json.object { json in
            json.name("catalog")
            catalog.write(to: &json)
            json.member("format", format)
            json.member("postDataSQL", postDataSQL)
            json.member("preDataSQL", preDataSQL)
            json.member("rolesSQL", rolesSQL)
        }
    }
}

extension DatabaseCatalog {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("notices", notices)
            json.name("objects")
            json.array(objects) { $0.write(to: &$1) }
            json.member("serverMajor", serverMajor)
        }
    }
}

extension CatalogObject {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("facts", facts)
            json.name("identity")
            identity.write(to: &json)
            json.member("owner", owner)
            if let privileges {
                json.name("privileges")
                privileges.write(to: &json)
            }
            json.member("reference", reference)
            json.name("remarks")
            json.array(remarks) { $0.write(to: &$1) }
            json.name("stages")
            json.array(stages) { $0.write(to: &$1) }
        }
    }
}

extension ObjectIdentity {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("kind", kind.rawValue)
            json.member("name", name)
            json.member("parent", parent)
            json.member("schema", schema)
            json.member("signature", signature)
        }
    }
}

extension Stage {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.name("dependencies")
            json.array(dependencies) { dependency, json in
                json.object { json in
                    json.name("object")
                    dependency.object.write(to: &json)
                    json.member("stage", dependency.stage)
                }
            }
            json.member("purpose", purpose.rawValue)
            json.member("section", section.rawValue)
            json.member("statements", statements)
        }
    }
}

extension Remark {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("provider", provider)
            json.member("target", target)
            json.member("text", text)
        }
    }
}

extension Privileges {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.name("columns")
            json.object { json in
                for (column, grants) in columns.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                    json.name(column)
                    json.array(grants) { $0.write(to: &$1) }
                }
            }
            json.name("grants")
            json.array(grants) { $0.write(to: &$1) }
            json.name("initial")
            json.array(initial) { $0.write(to: &$1) }
        }
    }
}

extension Grant {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("grantable", grantable)
            json.member("grantee", grantee)
            json.member("grantor", grantor)
            json.member("privileges", privileges)
        }
    }
}
