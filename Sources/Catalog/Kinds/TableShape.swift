import PostgresClient

/// One table on its way from catalog rows to statements.
struct TableShape {
    private let row: Row
    private let columns: [Column]
    private let checks: [TableCheck]
    private let inheritedDefaults: InheritedDefaults
    /// From 18 on NOT NULL is a constraint with a name, which an inherited column can have of its own.
    private let namesNotNull: Bool
    private let name: String
    private let address: CatalogAddress

    init(
        row: Row,
        columns: [Column],
        checks: [TableCheck],
        inheritedDefaults: InheritedDefaults,
        namesNotNull: Bool
    ) {
        self.row = row
        self.columns = columns
        self.checks = checks
        self.inheritedDefaults = inheritedDefaults
        self.namesNotNull = namesNotNull
        name = quoted(row.text("nspname"), row.text("relname"))
        address = CatalogAddress(SystemCatalog.relation, row.oid("oid"))
    }

    private var isPartition: Bool { row.flag("relispartition") }
    private var isForeign: Bool { row.text("relkind") == "f" }
    private var keyword: String { isForeign ? "FOREIGN TABLE" : "TABLE" }

    /// A child that has all columns and checks itself was made to inherit later: repeating that keeps its column order.
    private var inheritsLater: Bool {
        !isPartition && row["parents"] != nil && !columns.isEmpty
            && columns.allSatisfy { $0.isLocal && !$0.isNotNullElsewhere } && checks.allSatisfy(\.isWritten)
    }

    /// The table as found, its defaults and checks movable.
    var found: FoundObject {
        let kind: ObjectKind = isForeign ? .foreignTable : .table
        var object = CatalogObject(
            ObjectIdentity(kind, schema: row.text("nspname"), name: row.text("relname")),
            reference: name,
            owner: row.text("owner")
        )
        object.privileges = privileges
        object.tablespace = row["spcname"]
        var found = FoundObject(
            object,
            at: address,
            stages: [FoundStage(.create, .preData, [], sources: [address])]
        )
        found.aliases = [row.oid("reltype"), row.oid("typarray")].filter { $0 != 0 }
            .map { CatalogAddress(SystemCatalog.type, $0) }
        let lines = self.lines
        found.parts = lines.compactMap(\.part)
        // Texts, and not the rows that they were made from, which would all be held until the end.
        let (head, tail, settings, isTyped) = (self.head, self.tail, self.settings, row["of_type"] != nil)
        found.compose = { isInline in
            [head + Self.body(lines, isInline, isTyped) + tail] + settings
        }
        // A check of a parent is made with the parent; what it uses must be there then, not here.
        found.stages[0].sources += checks.filter { !$0.isWritten }.map(\.address)
        found.stages += laterStages
        return found
    }

    private var privileges: Privileges? {
        var result = row.privileges("acl", initial: "base") ?? Privileges(grants: [])
        for column in columns where !column.grants.isEmpty { result.columns[column.name] = column.grants }
        return result.ifChanged
    }

    private var head: String {
        let unlogged = row.text("relpersistence") == "u" ? "UNLOGGED " : ""
        return "CREATE \(unlogged)\(keyword) \(name)" + (row["of_type"].map { " OF " + $0 } ?? "")
    }

    /// A line of the creating statement, with the part of it that can move.
    private struct Line {
        var text: String
        var suffix: String
        var part: InlinePart?
    }

    private var lines: [Line] {
        let isTyped = row["of_type"] != nil
        var lines: [Line] = []
        for column in columns {
            let isWritten = isTyped ? column.typedLine != nil : column.isLocal || isPartition
            guard isWritten else {
                if namesNotNull, !isTyped, column.isNotNull {
                    lines.append(Line(text: column.notNull.line(column.name), suffix: "", part: nil))
                }
                continue
            }
            var line = Line(text: (isTyped ? column.typedLine : column.line) ?? "", suffix: "", part: nil)
            if isLate(column) {
                // Said in a stage of its own.
            } else if let text = column.defaultText, column.generated.isEmpty {
                line.suffix = " DEFAULT " + text
                line.part = InlinePart(
                    purpose: .columnDefault,
                    address: CatalogAddress(SystemCatalog.attributeDefault, column.defaultOID),
                    separately: [setDefault(column, text)]
                )
            } else if lacksInheritedDefault(column) {
                line.text += " DEFAULT NULL"
            }
            lines.append(line)
        }
        for check in checks where check.isWritten {
            let part = InlinePart(
                purpose: .constraint,
                address: check.address,
                separately: ["ALTER TABLE \(name) ADD \(check.clause)"]
            )
            lines.append(Line(text: "", suffix: check.clause, part: part))
        }
        return lines
    }

    private func lacksInheritedDefault(_ column: Column) -> Bool {
        !inheritsLater
            && inheritedDefaults.missing.contains(.init(relation: column.relation, name: column.name))
    }

    private func isLate(_ column: Column) -> Bool { inheritedDefaults.late.contains(column.defaultOID) }

    private func setDefault(_ column: Column, _ text: String) -> String {
        "ALTER \(keyword) ONLY \(name) ALTER COLUMN \(quoted(column.name)) SET DEFAULT \(text)"
    }

    private static func body(_ lines: [Line], _ isInline: [Bool], _ isTyped: Bool) -> String {
        var partIndex = 0
        var kept: [String] = []
        for line in lines {
            var text = line.text
            if line.part != nil {
                if isInline[partIndex] { text += line.suffix }
                partIndex += 1
            }
            if !text.isEmpty { kept.append("    " + text) }
        }
        if kept.isEmpty { return isTyped ? "" : " (\n)" }
        return " (\n" + kept.joined(separator: ",\n") + "\n)"
    }

    private var tail: String {
        var text = ""
        if !isPartition, !inheritsLater, let parents = row["parents"] {
            text += "\nINHERITS (" + arrayElements(parents).compactMap(\.self).joined(separator: ", ") + ")"
        }
        if let key = row["partition_key"] { text += "\nPARTITION BY " + key }
        if let server = row["srvname"] { text += "\nSERVER \(quoted(server))" + foreignOptions(row["ftoptions"]) }
        if let method = row["access_method"] { text += "\nUSING " + quoted(method) }
        let options = optionList(row["reloptions"]) + optionList(row["toast_options"], prefix: "\"toast\".")
        if !options.isEmpty { text += "\nWITH (" + options.joined(separator: ", ") + ")" }
        return text
    }

    /// What only ALTER TABLE says, right after the creation.
    private var settings: [String] {
        var statements: [String] = []
        for column in columns {
            let alter = "ALTER \(keyword) ONLY \(name) ALTER COLUMN \(quoted(column.name)) "
            let isInherited = !(column.isLocal || isPartition)
            if isInherited, row["of_type"] == nil {
                if let text = column.defaultText, column.generated.isEmpty, !isLate(column),
                    !inheritedDefaults.same.contains(column.defaultOID)
                {
                    statements.append(setDefault(column, text))
                }
                if lacksInheritedDefault(column) { statements.append(alter + "DROP DEFAULT") }
                if column.isNotNull, !namesNotNull { statements.append(alter + "SET NOT NULL") }
            }
            statements += column.settings.map { alter + $0 }
        }
        switch isForeign ? "" : row.text("relreplident") {
        case "f": statements.append("ALTER TABLE ONLY \(name) REPLICA IDENTITY FULL")
        case "n": statements.append("ALTER TABLE ONLY \(name) REPLICA IDENTITY NOTHING")
        default: break
        }
        return statements
    }

    private var laterStages: [FoundStage] {
        var stages: [FoundStage] = []
        if let bound = row["bound"], let parents = row["parents"],
            let parent = arrayElements(parents).first.flatMap(\.self)
        {
            let statement = "ALTER TABLE ONLY \(parent) ATTACH PARTITION \(name)\n    \(bound)"
            let needs = [(CatalogAddress(SystemCatalog.relation, row.oid("inhparent")), 0)]
            stages.append(FoundStage(.attach, .preData, [statement], needs: needs))
        }
        if inheritsLater, let parents = row["parents"] {
            let statements = arrayElements(parents).compactMap { $0.map { "ALTER \(keyword) \(name) INHERIT \($0)" } }
            stages.append(FoundStage(.attach, .preData, statements))
        }
        for column in columns where isLate(column) {
            guard let text = column.defaultText else { continue }
            let source = CatalogAddress(SystemCatalog.attributeDefault, column.defaultOID)
            stages.append(FoundStage(.columnDefault, .postData, [setDefault(column, text)], sources: [source]))
        }
        var security: [String] = []
        if row.flag("relrowsecurity") { security.append("ALTER TABLE \(name) ENABLE ROW LEVEL SECURITY") }
        if row.flag("relforcerowsecurity") { security.append("ALTER TABLE ONLY \(name) FORCE ROW LEVEL SECURITY") }
        // After the data, whose rows must not be filtered while they are loaded, and after every foreign key, whose check
        // reads them as the owner.
        if !security.isEmpty { stages.append(FoundStage(.setting, .privileges, security)) }
        return stages
    }
}
