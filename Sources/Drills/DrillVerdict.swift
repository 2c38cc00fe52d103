package import Model

/// Everything a rehearsal found, before it is judged.
package struct DrillFindings: Sendable {
    package var tables = DrillRun.TableScore()
    package var catalog = DrillRun.CatalogScore()
    package var checks: [DrillRun.Check] = []
    /// Checks that could not be made although they belong to a drill.
    package var unknown: [Omission] = []
    /// Facts to know that cast no doubt on the proof.
    package var notices: [Omission] = []
    package var failure: Failure?
    /// What stopped the rehearsal without a fault of the point.
    package var obstacle: DrillRun.Obstacle?

    /// Creates empty findings.
    package init() {}

    /// The verdict: any difference fails, anything unknown leaves it unverified, and only what is left is proven.
    package var verdict: DrillRun.Verdict {
        if failure != nil || !tables.mismatches.isEmpty || !catalog.differences.isEmpty { return .failed }
        if checks.contains(where: { !$0.passed }) { return .failed }
        if obstacle != nil || !unknown.isEmpty || tables.proven != tables.total { return .unverified }
        return .proven
    }

    /// Adds tables that are not there to those that do not hold what they should.
    mutating func miss(_ missing: [TableData]) {
        tables.total += missing.count
        tables.mismatches = (tables.mismatches + missing.map { "\($0.fullName): it is not there" }).sorted()
    }

    /// Adds the answer to one of the plan's questions.
    mutating func take(_ answer: AssertionAnswer, of assertion: Assertion) {
        switch answer {
        case .holds: checks.append(DrillRun.Check(name: assertion.name, passed: true))
        case .fails(let reason): checks.append(DrillRun.Check(name: assertion.name, passed: false, detail: reason))
        case .unknown(let reason): unknown.append(Omission(object: "assertion '\(assertion.name)'", reason: reason))
        }
    }
}
