extension CommandTree {
    /// The whole tree as one JSON object (`"schema": 1`), for documentation and tests; ends with a newline.
    package func dump() -> String {
        JSONText.object([
            ("schema", .number(1)),
            ("tool", .string(tool)),
            ("summary", .string(summary)),
            (
                "groups",
                .array(
                    groups.map { group in
                        .object([
                            ("title", .string(group.title)),
                            ("commands", .array(group.commands.map(\.json))),
                        ])
                    }
                )
            ),
        ]).rendered(indent: 0) + "\n"
    }
}

extension CommandEntry {
    fileprivate var json: JSONText {
        .object([
            ("name", .string(name)),
            ("summary", .string(summary)),
            ("discussion", .string(discussion)),
            ("arguments", .array(arguments.map(\.json))),
            (
                "examples",
                .array(examples.map { .object([("purpose", .string($0.purpose)), ("line", .string($0.line))]) })
            ),
            (
                "exitStatuses",
                .array(
                    exitStatuses.map {
                        .object([("status", .number(Int($0.status))), ("meaning", .string($0.meaning))])
                    }
                )
            ),
        ])
    }
}

extension ArgumentDescription {
    fileprivate var json: JSONText {
        var members: [(String, JSONText)] = [("shape", .string(shape.rawValue))]
        if !names.isEmpty { members.append(("names", .array(names.map(JSONText.string)))) }
        if !valueName.isEmpty { members.append(("value", .string(valueName))) }
        members.append(("help", .string(help)))
        members.append(("section", .string(section)))
        if isRequired { members.append(("required", .bool(true))) }
        if isRepeated { members.append(("repeated", .bool(true))) }
        if !allowed.isEmpty { members.append(("allowed", .array(allowed.map(JSONText.string)))) }
        if !defaultValue.isEmpty { members.append(("default", .string(defaultValue))) }
        return .object(members)
    }
}

/// Just enough JSON to write the dump with its members in a fixed order, which an encoder of keyed values cannot do.
private indirect enum JSONText {
    case string(String)
    case number(Int)
    case bool(Bool)
    case array([JSONText])
    case object([(String, JSONText)])

    func rendered(indent: Int) -> String {
        let inner = String(repeating: " ", count: indent + 2)
        let outer = String(repeating: " ", count: indent)
        switch self {
        case .string(let text): return quoted(text)
        case .number(let number): return String(number)
        case .bool(let flag): return flag ? "true" : "false"
        case .array(let items) where items.isEmpty: return "[]"
        case .array(let items):
            let lines = items.map { inner + $0.rendered(indent: indent + 2) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
        case .object(let members):
            let lines = members.map { inner + quoted($0.0) + ": " + $0.1.rendered(indent: indent + 2) }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
        }
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
