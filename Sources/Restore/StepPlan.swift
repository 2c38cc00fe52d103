import Catalog
import Model

/// The steps of a restore by section, less what the options leave out.
struct StepPlan {
    let roles: RoleSteps
    var preData: [RestoreStep]
    var postData: [RestoreStep]
    var privileges: [RestoreStep]
    var refresh: [RestoreStep]
    var last: [RestoreStep]
    /// Security labels, which the target may refuse: before what would act on them, and of that itself.
    let labels: (early: [RestoreStep], late: [RestoreStep])
    let omissions: [Omission]
    /// What the target's server cannot do, and what is left out for that.
    let compression: CompressionPlan

    /// Views among `unfilled` are defined and left without rows.
    init(
        _ order: RestoreOrder,
        _ options: RestoreOptions,
        _ inspection: TargetInspection,
        unfilled: Set<ObjectIdentity> = []
    ) {
        var compression = CompressionPlan(for: inspection.compressions)
        func section(_ section: RestoreSection) -> [RestoreStep] {
            let range = order.steps(in: section)
            // Positions become relative to the section. A step that is left out stays in its place without statements,
            // so that the others keep theirs.
            return order.steps[range].map { step in
                var step = step
                if section != .last, Self.waitsForTheEnd(step, options) { step.statements = [] }
                if step.action == .refresh, unfilled.contains(step.object) { step.statements = [] }
                step.after = step.after.map { $0 - range.lowerBound }
                if step.action == .own, !options.appliesOwners { step.statements = [] }
                if step.action == .grant, !options.appliesPrivileges { step.statements = [] }
                compression.adapt(&step)
                return step
            }
        }
        let roleSteps = order.steps[order.steps(in: .roles)]
        roles = RoleSteps(roleSteps.filter { $0.action != .label }[...], options, existing: inspection.roles)
        let made = Set(roles.now.map(\.object))
        let ofRoles = roleSteps.filter { $0.action == .label && made.contains($0.object) }
        let others = order.steps.filter { $0.action == .label && $0.section != .roles }
        labels = (
            ofRoles + others.filter { $0.object.kind != .eventTrigger },
            others.filter { $0.object.kind == .eventTrigger }
        )
        preData = section(.preData)
        postData = section(.postData)
        privileges = section(.privileges).compactMap { step in
            // Settings of roles belong to the server: only a scratch cluster, or a role made here, takes them.
            let isOthers =
                step.object.kind == .role && !options.isScratchCluster
                && inspection.roles.contains(Spelling(step.object.name))
            return isOthers ? Self.onlyHere(step, options) : step
        }
        refresh = section(.refresh)
        last =
            order.steps.filter { $0.section != .last && Self.waitsForTheEnd($0, options) }.filter { step in
                switch step.action {
                case .own: options.appliesOwners
                case .grant: options.appliesPrivileges
                default: true
                }
            } + section(.last).filter { $0.action != .label }
        var omissions = roles.omissions
        if !options.appliesOwners { omissions.append(Omission(object: "owners", reason: "left out as asked")) }
        if !options.appliesPrivileges { omissions.append(Omission(object: "privileges", reason: "left out as asked")) }
        self.omissions = omissions
        self.compression = compression
    }

    /// Takes out of the plan what it says of `objects`, which are not there.
    mutating func leaveOut(_ objects: Set<ObjectIdentity>) {
        postData = postData.leavingOut(objects)
        privileges = privileges.leavingOut(objects)
        refresh = refresh.leavingOut(objects)
        last = last.leavingOut(objects)
    }

    /// A role's settings in this database alone, which belong to the database; nil where only a part of that is restored.
    private static func onlyHere(_ step: RestoreStep, _ options: RestoreOptions) -> RestoreStep? {
        var step = step
        // What names the database must find out its name first.
        step.statements = options.selection.isEverything ? step.statements.filter { $0.hasPrefix("DO ") } : []
        return step.statements.isEmpty ? nil : step
    }

    /// On a scratch cluster nobody but us is a superuser until everything is loaded, and some kinds want an owner who is.
    ///
    /// Passwords for other servers come when nothing of the source's can use them any more.
    private static func waitsForTheEnd(_ step: RestoreStep, _ options: RestoreOptions) -> Bool {
        guard options.isScratchCluster else { return false }
        if step.object.kind == .userMapping { return true }
        return LoaderRole.superuserKinds.contains(step.object.kind) && (step.action == .own || step.action == .grant)
    }
}
