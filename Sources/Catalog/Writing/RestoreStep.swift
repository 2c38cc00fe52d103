extension String {
    /// Whether the statement adds a condition to a table or domain that is there; a name may look like one, which only
    /// makes us more careful.
    package var addsCondition: Bool { hasPrefix("ALTER ") && contains(" CHECK (") }
}

/// One thing to do in a restore, on one connection.
package struct RestoreStep: Sendable, Hashable {
    package var object: ObjectIdentity
    package var action: Action
    package var section: RestoreSection
    /// Run one by one, in order.
    ///
    /// When one fails, `RESET ROLE` must follow before the connection is used again.
    package var statements: [String]
    /// Positions of the steps of the same section that must be done before; earlier sections are done as a whole.
    package var after: [Int]
    /// Tables that the step locks: two steps that share one may run at the same time only if neither is exclusive.
    package var locks: [RelationLock]

    /// The same step for rows that do not meet the condition, so that it holds for new ones only.
    ///
    /// Nil for what is no condition on rows, or looks at none anyway.
    package var forNewRowsOnly: RestoreStep? {
        guard object.kind == .constraint || object.kind == .foreignKey, action == .create, statements.count == 1,
            statements[0].contains(" CHECK (") || statements[0].contains(" FOREIGN KEY ("),
            !Self.lookingAtNoRows.contains(where: statements[0].hasSuffix)
        else { return nil }
        var step = self
        step.statements[0] += Self.lookingAtNoRows[0]
        return step
    }

    /// One step for each setting of the database or a role; nil where it sets none.
    ///
    /// What a setting may be depends on the server: a locale, a time zone, a module that it knows.
    package var settings: [RestoreStep]? {
        guard action == .create, object.kind == .database || object.kind == .role else { return nil }
        return statements.map { statement in
            var step = self
            step.statements = [statement]
            return step
        }
    }

    /// How a condition ends that no row has been held against.
    package static let lookingAtNoRows = [" NOT VALID", " NOT ENFORCED"]

    /// What a step does: creation can be told from what a less privileged restore leaves out.
    package enum Action: String, Sendable {
        case create
        /// A partition or a child takes its place under its parent.
        case attach
        case own
        case comment
        case grant
        /// A security label: words for a module that the server may not have.
        case label
        case refresh
    }

    /// A table that a step locks.
    package struct RelationLock: Sendable, Hashable {
        package var table: ObjectIdentity
        package var isExclusive: Bool
    }
}
