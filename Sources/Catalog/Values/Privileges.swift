/// Who may do what on an object and its columns, beside what its creation alone would give.
package struct Privileges: Codable, Sendable, Hashable {
    /// What a fresh object of this kind and owner has.
    package var initial: [Grant]
    /// What this object has.
    package var grants: [Grant]
    /// What its columns have; columns start with nothing.
    package var columns: [String: [Grant]]

    init(initial: [Grant] = [], grants: [Grant], columns: [String: [Grant]] = [:]) {
        self.initial = initial
        self.grants = grants
        self.columns = columns
    }

    /// Nil when nothing differs from a fresh object.
    var ifChanged: Privileges? { changes.isEmpty ? nil : self }

    /// What to take from a fresh object and what to give it, one sentence each, in a fixed order: for comparison and for
    /// reading, independent of the server's version and of the order in which things were granted.
    package var changes: [String] { changes { " by \($0.grantor)" } }

    /// The same whoever granted it, and without what was taken from the owner of the fresh object, who is whoever made that
    /// cluster.
    var changesBesideOwners: [String] { changes(takenFrom: { $0.grantee != $0.grantor }) { _ in "" } }

    private func changes(takenFrom isCounted: (Grant) -> Bool = { _ in true }, _ suffix: (Grant) -> String) -> [String]
    {
        func sentences(_ grants: [Grant], _ verb: String, _ preposition: String, column: String? = nil) -> [String] {
            grants.flatMap { grant in
                grant.privileges.map { privilege in
                    let option = grant.grantable.contains(privilege) ? " with grant option" : ""
                    let place = column.map { " on column \($0)" } ?? ""
                    return "\(verb) \(privilege)\(place) \(preposition) \(grant.grantee ?? "PUBLIC")\(option)"
                        + suffix(grant)
                }
            }
        }
        var lines = sentences(Self.missing(from: initial, in: grants).filter(isCounted), "revoke", "from")
        lines += sentences(Self.missing(from: grants, in: initial), "grant", "to")
        for (column, grants) in columns { lines += sentences(grants, "grant", "to", column: column) }
        return lines.sorted()
    }

    /// The statements that turn a fresh object's privileges into these.
    ///
    /// A grant by somebody else than `owner` is made under `SET ROLE`, so a failure in between must be followed by
    /// `RESET ROLE`.
    func statements(on target: String, owner: String?) -> [String] {
        var lines: [String] = []
        for grant in Self.missing(from: initial, in: grants) {
            lines.append("REVOKE \(grant.privileges.joined(separator: ", ")) ON \(target) FROM \(grant.granteeName)")
        }
        for grant in Self.inGrantOrder(Self.missing(from: grants, in: initial), owner: owner) {
            lines += Self.statements(for: grant, on: target, column: nil, owner: owner)
        }
        for (column, grants) in columns.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            for grant in Self.inGrantOrder(grants, owner: owner) {
                lines += Self.statements(for: grant, on: target, column: column, owner: owner)
            }
        }
        return lines
    }

    private static func statements(for grant: Grant, on target: String, column: String?, owner: String?) -> [String] {
        let place = column.map { " (\(quoted($0)))" } ?? ""
        let option = Set(grant.grantable)
        let lines = [grant.privileges.filter { !option.contains($0) }, grant.privileges.filter(option.contains)]
            .enumerated().compactMap { position, privileges -> String? in
                if privileges.isEmpty { return nil }
                let names = privileges.map { $0 + place }.joined(separator: ", ")
                return "GRANT \(names) ON \(target) TO \(grant.granteeName)"
                    + (position == 1 ? " WITH GRANT OPTION" : "")
            }
        guard let owner, grant.grantor != owner else { return lines }
        return ["SET ROLE \(quoted(grant.grantor))"] + lines + ["RESET ROLE"]
    }

    /// What `grants` has and `other` lacks, privilege by privilege.
    static func missing(from grants: [Grant], in other: [Grant]) -> [Grant] {
        grants.compactMap { grant in
            var left = grant
            for known in other where known.grantee == grant.grantee && known.grantor == grant.grantor {
                let had = Set(known.privileges.map { $0 + (known.grantable.contains($0) ? "*" : "") })
                left.privileges.removeAll { had.contains($0 + (grant.grantable.contains($0) ? "*" : "")) }
            }
            left.grantable.removeAll { !left.privileges.contains($0) }
            return left.privileges.isEmpty ? nil : left
        }
    }

    /// The same grants, each after the one that gave its grantor the right to make it.
    private static func inGrantOrder(_ grants: [Grant], owner: String?) -> [Grant] {
        var able: Set<String> = owner.map { [$0] } ?? []
        var waiting = grants
        var ordered: [Grant] = []
        while !waiting.isEmpty {
            let ready = waiting.filter { able.contains($0.grantor) }
            let next = ready.isEmpty ? waiting : ready
            ordered += next
            waiting.removeAll { next.contains($0) }
            able.formUnion(next.filter { !$0.grantable.isEmpty }.compactMap(\.grantee))
        }
        return ordered
    }
}
