/// The JSON Schemas (2020-12) of the settings files, written from the same table that the reader uses.
package enum SettingsSchema {
    /// `docs/lifeboat.schema.json`.
    package static var settings: String {
        document("lifeboat.json", "Settings of Lifeboat", .object(.settings))
    }

    /// `docs/retention.schema.json`.
    package static var retention: String {
        document("retention.json", "Named retention policies of Lifeboat", SettingsShape.retentionFile)
    }

    private static func document(_ file: String, _ title: String, _ kind: SettingsShape.Kind) -> String {
        var lines = ["{"]
        lines.append("  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",")
        lines.append("  \"title\": \(quoted(title)),")
        lines.append(
            "  \"description\": \(quoted("\(file) may also be JSON5: comments, trailing commas, bare keys.")),"
        )
        lines += body(kind).dropFirst().dropLast().map { String($0) }
        lines.append("}")
        return lines.joined(separator: "\n") + "\n"
    }

    /// A schema as lines, its braces on lines of their own; only a whole document has no meaning of its own.
    private static func body(_ kind: SettingsShape.Kind, _ meaning: String? = nil) -> [String] {
        var members: [[String]] = []
        if let meaning { members.append(["\"description\": \(quoted(meaning))"]) }
        switch kind {
        case .text: members.append(["\"type\": \"string\""])
        case .boolean: members.append(["\"type\": \"boolean\""])
        case .rate:
            members.append(["\"type\": \"string\""])
            members.append(["\"pattern\": \(quoted(#"^[0-9]+(\.[0-9]{1,3})? *([kKmMgGtT][iI]?)?[bB](/s)?$"#))"])
        case .size:
            members.append(["\"type\": \"string\""])
            members.append(["\"pattern\": \(quoted(#"^[0-9]+(\.[0-9]{1,3})? *([kKmMgGtT][iI]?)?[bB]$"#))"])
        case .duration:
            members.append(["\"type\": \"string\""])
            members.append(["\"pattern\": \(quoted(#"^[0-9]+(ms|s|m|min|h|d|w)([0-9]+(ms|s|m|min|h|d|w))*$"#))"])
        case .cron:
            members.append(["\"type\": \"string\""])
            members.append(["\"examples\": [\"0 2 * * *\", \"@daily\", \"@monthly\"]"])
        case .timeZone:
            members.append(["\"type\": \"string\""])
            members.append(["\"examples\": [\"UTC\", \"Europe/Lisbon\"]"])
        case .integer(let range):
            members.append(["\"type\": \"integer\""])
            members.append(["\"minimum\": \(range.lowerBound)"])
            members.append(["\"maximum\": \(range.upperBound)"])
        case .choice(let words): members.append(["\"enum\": [\(words.map(quoted).joined(separator: ", "))]"])
        case .list(let element):
            members.append(["\"type\": \"array\""])
            members.append(member("items", body(element)))
        case .named(let element):
            members.append(["\"type\": \"object\""])
            if meaning == nil { members.append(["\"properties\": { \"$schema\": { \"type\": \"string\" } }"]) }
            members.append(member("additionalProperties", body(element)))
        case .object(let shape): members += object(shape)
        case .either(let kinds):
            let choices = kinds.map { body($0).map { "  " + $0 } }
            members.append(["\"oneOf\": ["] + separated(choices) + ["]"])
        }
        return ["{"] + separated(members.map { $0.map { "  " + $0 } }) + ["}"]
    }

    private static func object(_ shape: SettingsShape) -> [[String]] {
        var members = [["\"type\": \"object\""]]
        let required = shape.keys.filter(\.isRequired).map { quoted($0.name) }
        if !required.isEmpty { members.append(["\"required\": [\(required.joined(separator: ", "))]"]) }
        members.append(["\"additionalProperties\": false"])
        let properties = shape.keys.map { key in member(key.name, body(key.kind, key.meaning)).map { "  " + $0 } }
        members.append(["\"properties\": {"] + separated(properties) + ["}"])
        return members
    }

    private static func member(_ name: String, _ body: [String]) -> [String] {
        ["\(quoted(name)): \(body[0])"] + body.dropFirst()
    }

    /// The blocks one after the other, a comma after each but the last.
    private static func separated(_ blocks: [[String]]) -> [String] {
        blocks.enumerated().flatMap { index, block in
            index == blocks.count - 1 ? block : block.dropLast() + [(block.last ?? "") + ","]
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
