import Diagnostics
package import Model
import Streams

extension Repository {
    /// The point that `selector` means: `latest`, `oldest`, `proven`, a slot, the beginning of one, or `plan/slot`.
    ///
    /// Times may be written compactly or as RFC 3339. Without `plan` all plans are searched, and what fits points of
    /// several is refused. Only names are looked at: a damaged point is found here and refused when it is read.
    package func resolve(_ selector: String, plan: PlanName?) throws -> PointName {
        try find(selector, plan: plan).name
    }

    /// The same as the listing shows it, so that the findings of several repositories can be compared.
    package func find(_ selector: String, plan: PlanName?) throws -> PointListing {
        var plan = plan
        var text = selector
        if let slash = selector.lastIndex(of: "/"), let named = PlanName(String(selector[..<slash])) {
            plan = named
            text = String(selector[selector.index(after: slash)...])
        }
        let points = try listPoints(plan: plan)
        guard !points.isEmpty else { throw nothing(plan) }
        let selection = PointSelection(selector: selector, points: points)
        switch text {
        case "latest": return try selection.only(selection.ofOnePlan().last)
        case "oldest":
            let all = try selection.ofOnePlan()
            return try selection.only(all.first { [now = Instant.now] in !$0.isFromTheFuture(now) } ?? all.first)
        case "proven":
            let proven = try evidence(plan: plan).proven
            return try selection.only(selection.ofOnePlan().last { proven[$0.name] != nil })
        default: return try selection.matching(text)
        }
    }

    private func nothing(_ plan: PlanName?) -> Diagnostic {
        Diagnostic(
            .pointUnknown,
            plan.map { "plan '\($0)' has no point in \(displayName)" } ?? "there is no point in \(displayName)",
            hint: "Take one with 'lifeboat backup'."
        )
    }
}

/// A search among the names of points, oldest first.
struct PointSelection {
    var selector: String
    var points: [PointListing]

    func ofOnePlan() throws -> [PointListing] {
        let plans = Set(points.map(\.name.plan.text)).sorted()
        guard plans.count == 1 else {
            throw Diagnostic(
                .pointUnknown,
                "'\(selector)' could mean a point of any of \(plans.count) plans",
                cause: "the plans are " + plans.map { "'\($0)'" }.joined(separator: ", "),
                hint: "Name the plan: '\(plans[0])/\(selector)'."
            )
        }
        return points
    }

    func only(_ point: PointListing?) throws -> PointListing {
        guard let point else {
            throw Diagnostic(.pointUnknown, "no point is '\(selector)'", hint: "Prove one with 'lifeboat drill'.")
        }
        return point
    }

    func matching(_ text: String) throws -> PointListing {
        if let slot = Slot(text) {
            let exact = points.filter { $0.name.slot == slot }
            if !exact.isEmpty { return try one(of: exact) }
        }
        let compact = text.replacing("-", with: "").replacing(":", with: "").replacing(" ", with: "T")
        let fitting = compact.isEmpty ? [] : points.filter { $0.name.slot.description.hasPrefix(compact) }
        guard !fitting.isEmpty else { throw unknown(compact) }
        return try one(of: fitting)
    }

    private func one(of fitting: [PointListing]) throws -> PointListing {
        guard fitting.count > 1 else { return fitting[0] }
        let shown = fitting.suffix(3).map { "'\($0.name)'" }.joined(separator: ", ")
        throw Diagnostic(
            .pointUnknown,
            "'\(selector)' fits \(fitting.count) points",
            cause: "among them \(shown)",
            hint: "Write more of the name."
        )
    }

    /// Names the point whose slot is written most alike.
    private func unknown(_ compact: String) -> Diagnostic {
        // Fewer than the digits of a year say nothing about which point is meant.
        let nearest = points.map(\.name).filter { Self.common($0, compact) >= 4 }.max {
            Self.common($0, compact) < Self.common($1, compact)
        }
        return Diagnostic(
            .pointUnknown,
            "there is no point '\(selector)'",
            hint: (nearest.map { "Did you mean '\($0)'? " } ?? "") + "List them with 'lifeboat points'."
        )
    }

    private static func common(_ point: PointName, _ text: String) -> Int {
        zip(point.slot.description, text).prefix { $0 == $1 }.count
    }
}
