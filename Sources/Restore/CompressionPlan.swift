import Catalog
import Model

/// Leaves out how large values of a column are to be compressed where the target's server was built without that way.
///
/// No row depends on it: each value says how it was compressed, and the server's default serves as well.
struct CompressionPlan {
    /// The statements that are left out, by the object that they are about.
    private(set) var leftOut: [ObjectIdentity: Set<String>] = [:]
    /// The methods that points can have and the target cannot.
    private let missing: [String]

    /// Adapts steps to a server that knows `methods`; when it does not say, to one that knows all.
    init(for methods: Set<String>) {
        missing = methods.isEmpty ? [] : ["pglz", "lz4"].filter { !methods.contains($0) }
    }

    /// Takes from `step` what the server does not know.
    mutating func adapt(_ step: inout RestoreStep) {
        guard !missing.isEmpty, step.action == .create else { return }
        let unknown = Set(step.statements.filter { method(of: $0) != nil })
        guard !unknown.isEmpty else { return }
        leftOut[step.object, default: []].formUnion(unknown)
        step.statements.removeAll(where: unknown.contains)
    }

    /// What to know about it.
    var deviations: [Omission] {
        guard let first = leftOut.keys.min() else { return [] }
        let methods = Set(leftOut.values.joined().compactMap(method)).sorted().joined(separator: ", ")
        let others = leftOut.count > 1 ? " and of \(leftOut.count - 1) more" : ""
        return [
            Omission(
                object: "compression of columns of \(first)\(others)",
                reason: "the target's server was built without \(methods), so its default is used"
            )
        ]
    }

    /// The missing method that `ALTER … ALTER COLUMN … SET COMPRESSION method` asks for: no name and no text ends a
    /// statement like that, for a quote would follow.
    private func method(of statement: String) -> String? {
        guard statement.hasPrefix("ALTER ") else { return nil }
        return missing.first { statement.hasSuffix(" SET COMPRESSION \($0)") }
    }
}
