package import Policy

/// Whether what was promised holds.
package struct Compliance: Sendable, Hashable, Codable {
    /// `unknown` is never a pass; `noTarget` is neither met nor missed, because nothing was promised.
    package enum Outcome: String, Sendable, Codable, CaseIterable {
        case met
        case missed
        case unknown
        case noTarget
    }

    package let outcome: Outcome
    /// Why it is missed or unknown, a sentence each; empty for the others.
    package let reasons: [String]

    /// Takes over a verdict; nil says that nothing was promised.
    package init(_ verdict: ObjectiveVerdict?) {
        switch verdict {
        case nil: (outcome, reasons) = (.noTarget, [])
        case .met: (outcome, reasons) = (.met, [])
        case .missed(let reason): (outcome, reasons) = (.missed, [reason])
        case .unknown(let reason): (outcome, reasons) = (.unknown, [reason])
        }
    }

    /// The worst of several: missed before unknown before met; without any target there is none.
    ///
    /// Only the reasons for the outcome are kept.
    package init(all parts: [Compliance]) {
        let worst = [Outcome.missed, .unknown, .met].first { outcome in parts.contains { $0.outcome == outcome } }
        outcome = worst ?? .noTarget
        reasons = parts.filter { $0.outcome == worst }.flatMap(\.reasons)
    }

    private init(outcome: Outcome, reasons: [String]) {
        self.outcome = outcome
        self.reasons = reasons
    }

    /// The same with `name: ` in front of every reason.
    func named(_ name: String) -> Compliance {
        Compliance(outcome: outcome, reasons: reasons.map { "\(name): \($0)" })
    }
}
