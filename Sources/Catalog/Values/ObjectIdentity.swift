import Glibc

/// The name of an object, the same in every database that has it: never an OID.
package struct ObjectIdentity: Codable, Sendable, Hashable {
    package var kind: ObjectKind
    package var schema: String?
    package var name: String
    /// Argument types for what can be overloaded, the access method of an operator class, the role of default
    /// privileges: whatever the name needs to be unique.
    package var signature: String?
    /// The table, view or domain that the object lives on; in the same schema.
    package var parent: String?

    /// Creates an identity.
    package init(
        _ kind: ObjectKind,
        schema: String? = nil,
        name: String,
        signature: String? = nil,
        parent: String? = nil
    ) {
        self.kind = kind
        self.schema = schema
        self.name = name
        self.signature = signature
        self.parent = parent
    }
}

extension ObjectIdentity: Comparable {
    /// Equal by bytes: Swift calls composed and decomposed letters equal, PostgreSQL calls them two tables.
    package static func == (a: ObjectIdentity, b: ObjectIdentity) -> Bool {
        a.kind == b.kind && same(a.schema, b.schema) && same(a.parent, b.parent) && same(a.name, b.name)
            && same(a.signature, b.signature)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(kind.priority)
        Self.combine(schema, &hasher)
        Self.combine(parent, &hasher)
        Self.combine(name, &hasher)
        Self.combine(signature, &hasher)
    }

    private static func combine(_ part: String?, _ hasher: inout Hasher) {
        guard var part else { return hasher.combine(UInt8(0xFE)) }
        part.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // No UTF-8 has it: where one part ends, the next begins.
        hasher.combine(UInt8(0xFF))
    }

    /// Kind in order of creation, then schema, parent, name and signature by bytes: the same on every machine.
    package static func < (a: ObjectIdentity, b: ObjectIdentity) -> Bool {
        if a.kind != b.kind { return a.kind.priority < b.kind.priority }
        if !same(a.schema, b.schema) { return precedes(a.schema, b.schema) }
        if !same(a.parent, b.parent) { return precedes(a.parent, b.parent) }
        if !same(a.name, b.name) { return precedes(a.name, b.name) }
        return precedes(a.signature, b.signature)
    }

    private static func same(_ a: String?, _ b: String?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return order(a, b) == 0
    }

    private static func precedes(_ a: String?, _ b: String?) -> Bool {
        guard let a else { return b != nil }
        guard let b else { return false }
        return order(a, b) < 0
    }

    /// Negative, zero or positive, as the bytes of `a` come before those of `b`, are the same, or come after.
    private static func order(_ a: String, _ b: String) -> Int {
        var (a, b) = (a, b)
        return a.withUTF8 { first in
            b.withUTF8 { second in
                let shared = min(first.count, second.count)
                if shared > 0, let left = first.baseAddress, let right = second.baseAddress {
                    let order = memcmp(left, right, shared)
                    if order != 0 { return Int(order) }
                }
                return first.count - second.count
            }
        }
    }
}

extension ObjectIdentity: CustomStringConvertible {
    /// How a person reads it: `table public.orders`, `trigger audit on public.orders`.
    package var description: String {
        let place = schema.map { $0 + "." } ?? ""
        let words = kind.rawValue.replacing("-", with: " ")
        if let parent { return "\(words) \(name) on \(place)\(parent)" }
        if let signature { return "\(words) \(place)\(name)(\(signature))" }
        return "\(words) \(place)\(name)"
    }
}
