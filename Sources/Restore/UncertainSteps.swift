import Catalog

/// Steps that the target may not allow: taken out of their places, tried at the end, and left out where refused.
///
/// Owners, comments, grants and whatever `SuperuserNeeds` calls uncertain: no rows are lost without them. At the end,
/// because a table that is given away can no longer be filled, and its new owner needs rights in the schema first.
struct UncertainSteps {
    private(set) var steps: [RestoreStep] = []

    /// Takes the steps out of `plan`; the places stay, so that the others keep theirs.
    init(from plan: inout StepPlan, uncertain: Set<ObjectIdentity>) {
        // A sequence that belongs to a column has its table's owner from then on, and must not be given one itself.
        let linked = Set(plan.preData.filter(Self.linksSequence).map(\.object))
        var taken: [RestoreStep] = []
        func take(_ section: inout [RestoreStep]) {
            for index in section.indices where Self.isUncertain(section[index], uncertain) {
                taken.append(section[index])
                section[index].statements = []
            }
        }
        take(&plan.preData)
        take(&plan.postData)
        take(&plan.privileges)
        take(&plan.last)
        let (first, rest) = (taken.filter(Self.opens), taken.filter { !Self.opens($0) })
        // What is itself made only now gets its owner after that.
        let made = Set(rest.filter { $0.action == .create }.map(\.object))
        let given = rest.filter { $0.action == .own && !linked.contains($0.object) && !made.contains($0.object) }
        steps = first + given + rest.filter { $0.action != .own || made.contains($0.object) }
    }

    /// Takes out what is said of `objects`, which are not there.
    mutating func leaveOut(_ objects: Set<ObjectIdentity>) { steps = steps.leavingOut(objects) }

    private static func linksSequence(_ step: RestoreStep) -> Bool {
        step.object.kind == .sequence && step.statements.contains { $0.contains(" OWNED BY ") }
    }

    private static func isUncertain(_ step: RestoreStep, _ uncertain: Set<ObjectIdentity>) -> Bool {
        guard !step.statements.isEmpty else { return false }
        switch step.action {
        case .own, .comment, .grant, .label: return true
        case .create, .attach: return uncertain.contains(step.object) || removesPublic(step)
        case .refresh: return false
        }
    }

    /// `public` belongs to the first superuser up to version 14.
    private static func removesPublic(_ step: RestoreStep) -> Bool {
        step.object.kind == .schema && step.statements.first?.hasPrefix("DROP SCHEMA ") == true
    }

    /// Whether it lets roles create: in a schema, or a schema or publication in the database.
    private static func opens(_ step: RestoreStep) -> Bool {
        step.action == .grant && (step.object.kind == .schema || step.object.kind == .database)
    }

    /// Roles without the words that mean nothing for a fresh role, and that only a superuser may say.
    static func plain(_ roles: [RestoreStep]) -> [RestoreStep] {
        roles.map { step in
            var step = step
            step.statements = step.statements.map { statement in
                guard let words = RoleWords(statement) else { return statement }
                let usual: Set<String> = ["NOSUPERUSER", "NOCREATEROLE", "NOCREATEDB", "NOREPLICATION", "NOBYPASSRLS"]
                let kept = words.words.filter { !usual.contains($0) }
                return "ALTER ROLE \(words.role) WITH " + kept.joined(separator: " ")
            }
            return step
        }
    }
}
