import Model

/// The catalog's values as JSON, member by member in the order of the names: what `Codable` gives, some ten times faster.
///
/// `Tests/CatalogTests/CatalogSectionTests.swift` holds every member against the encoder.
extension DatabaseCatalog {
    func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("notices", notices)
            json.name("objects")
            json.array { json in
                for element in objects { element.write(to: &json) }
            }
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
            json.array { json in
                for element in remarks { element.write(to: &json) }
            }
            json.name("stages")
            json.array { json in
                for element in stages { element.write(to: &json) }
            }
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
            json.array { json in
                for dependency in dependencies {
                    json.object { json in
                        json.name("object")
                        dependency.object.write(to: &json)
                        json.member("stage", dependency.stage)
                    }
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
                    json.array { json in
                        for element in grants { element.write(to: &json) }
                    }
                }
            }
            json.name("grants")
            json.array { json in
                for element in grants { element.write(to: &json) }
            }
            json.name("initial")
            json.array { json in
                for element in initial { element.write(to: &json) }
            }
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
