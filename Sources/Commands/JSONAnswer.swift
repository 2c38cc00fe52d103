import FoundationEssentials
import Terminal

/// An answer as the documented JSON object: `"schema": 1` and what kind it is, then the facts (`docs/json.md`).
struct JSONAnswer<Body: Encodable>: Encodable {
    let kind: String
    let body: Body

    private enum CodingKeys: String, CodingKey {
        case schema
        case kind
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(1, forKey: .schema)
        try container.encode(kind, forKey: .kind)
        try body.encode(to: encoder)
    }
}

extension Console {
    /// Prints an answer as JSON with sorted keys.
    func answer(_ kind: String, _ body: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let data = try encoder.encode(JSONAnswer(kind: kind, body: body))
        answer(json: String(decoding: data, as: UTF8.self))
    }
}
