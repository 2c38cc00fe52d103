extension CatalogObject {
    /// The stage after which the object can be given away: a type that is only a shell cannot.
    var stageOfOwner: Int {
        guard identity.kind == .type || identity.kind == .rangeType else { return 0 }
        return stages.firstIndex { $0.purpose == .complete } ?? 0
    }

    /// What gives the object to its owner; nil for kinds without one and for what goes with its table.
    package var ownerStatement: String? {
        guard let owner, !stages.isEmpty else { return nil }
        if identity.kind == .database { return inThisDatabase("ALTER DATABASE", "OWNER TO \(quoted(owner))") }
        let statement = "ALTER \(identity.kind.keyword) \(reference) OWNER TO \(quoted(owner))"
        let isSuperusers = identity.kind == .eventTrigger || identity.kind == .foreignDataWrapper
        return isSuperusers ? Self.givingToSuperuser(statement, owner) : statement
    }

    /// Some kinds are given to superusers only, and their owner may have been one: it is one again for this statement, in a
    /// transaction of which nobody else sees more than its end.
    private static func givingToSuperuser(_ statement: String, _ owner: String) -> String {
        doStatement(
            """
            BEGIN
              IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = \(literal(owner)))
                OR NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER) THEN
                \(statement);
              ELSE
                ALTER ROLE \(quoted(owner)) SUPERUSER;
                \(statement);
                ALTER ROLE \(quoted(owner)) NOSUPERUSER;
              END IF;
            END
            """
        )
    }

    /// What says the comments and the security labels.
    var remarkStatements: (comments: [String], labels: [String]) {
        (
            remarks.filter { $0.provider == nil }.map(\.statement),
            remarks.filter { $0.provider != nil }.map(\.statement)
        )
    }

    /// What turns a fresh object's privileges into this one's.
    package var privilegeStatements: [String] {
        guard let privileges, let keyword = identity.kind.privilegeKeyword else { return [] }
        if identity == ObjectIdentity(.schema, name: "public") {
            // What a new database gives PUBLIC here depends on its version.
            let statements = privileges.statements(on: "SCHEMA \"public\"", owner: owner)
            return ["REVOKE ALL ON SCHEMA \"public\" FROM PUBLIC"] + statements
        }
        guard identity.kind == .database else {
            return privileges.statements(on: "\(keyword) \(reference)", owner: owner)
        }
        let marker = "DATABASE \u{1}"
        return privileges.statements(on: marker, owner: owner).map { line in
            guard let split = line.firstRange(of: marker) else { return line }
            return inThisDatabase(
                line[..<split.lowerBound] + "DATABASE",
                String(line[split.upperBound...].drop { $0 == " " })
            )
        }
    }
}
