import Model

/// A promise that was typed for one report, and goes before the plan's own.
package struct TypedTarget: Sendable, Hashable, Encodable {
    /// `rto`, `rpo`, `mtd` or `drillEvery`.
    package let name: String
    package let seconds: Double
    /// What the plan promises; nil when it promises nothing of the kind, or its settings were not read.
    package let planSeconds: Double?

    /// Creates the facts.
    package init(name: String, typed: Duration, plan: Duration?) {
        self.name = name
        seconds = typed.inSeconds
        planSeconds = plan?.inSeconds
    }

    /// `rto 1 h (the plan: 2 h)`.
    var words: String { "\(name) \(inWords(seconds))" + (planSeconds.map { " (the plan: \(inWords($0)))" } ?? "") }
}
