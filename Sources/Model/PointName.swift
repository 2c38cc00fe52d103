/// Which recovery point: a plan and a slot of it.
///
/// Written `shop/20261121T020000Z`, in JSON too.
package struct PointName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let plan: PlanName
    package let slot: Slot

    /// Creates a name.
    package init(plan: PlanName, slot: Slot) {
        self.plan = plan
        self.slot = slot
    }

    package var description: String { "\(plan)/\(slot)" }

    package static func < (a: PointName, b: PointName) -> Bool {
        (a.slot, a.plan.text) < (b.slot, b.plan.text)
    }
}

extension PointName: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        // The plan may hold a slash, the slot never does.
        guard let slash = text.lastIndex(of: "/"), let plan = PlanName(String(text[..<slash])),
            let slot = Slot(String(text[text.index(after: slash)...]))
        else { throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not plan/slot") }
        self.init(plan: plan, slot: slot)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// What people call a protected thing; any text that is not empty, percent-encoded wherever it becomes part of a path.
package struct PlanName: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// Creates a name; nil when `text` is empty or longer than 200 bytes.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 200 else { return nil }
        self.text = text
    }

    package var description: String { text }

    /// The name as one path component.
    package var pathComponent: String { percentEncoded(text) }
}

extension PlanName: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = PlanName(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a plan name")
        }
        self = name
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
