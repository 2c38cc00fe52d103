import Model
import Policy

/// Whether the evidence itself is whole: nothing else in a report is worth more than that.
///
/// A point that is gone although no prune removed it is missed, whatever was promised; where a record cannot be read, nobody
/// knows what it said of the points, which is unknown; so is all that lies in a repository that was not examined.
package struct EvidenceFacts: Sendable, Hashable, Encodable {
    package let compliance: Compliance
    package let repositories: [ReportRepository]
    package let notExamined: [UnexaminedRepository]

    init(_ input: ReportInput, _ history: PointHistory) {
        repositories = input.repositories
        notExamined = input.notExamined
        let named = Set(repositories.flatMap(\.missingPoints).map(\.point))
        let gone =
            repositories.flatMap { place in
                place.missingPoints.map { "point \($0.point) in \(place.name): \($0.reason)" }
            }
            + history.vanished.filter { !named.contains($0) }.map { "point \($0): gone, although no prune removed it" }
        let unread = repositories.filter { !$0.brokenRecords.isEmpty }.map { place in
            "\(counted(place.brokenRecords.count, "record")) in \(place.name) cannot be read, so not all is known of"
                + " its points"
        }
        let unseen = notExamined.map { "repository '\($0.name)' was not examined: \($0.reason)" }
        compliance = Compliance(
            all: gone.map { Compliance(.missed($0)) } + (unseen + unread).map { Compliance(.unknown($0)) }
        )
    }
}

/// The part about the evidence.
struct EvidenceText {
    let facts: EvidenceFacts

    /// So much of a hash tells one from another.
    private static let shownHash = 16
    private static let shownSigner = 12

    func write(into layout: inout TextLayout) {
        guard !facts.repositories.isEmpty || !facts.compliance.reasons.isEmpty else { return }
        layout.section("Evidence", "", facts.compliance)
        layout.why(facts.compliance)
        for place in facts.repositories {
            let chains = place.chains.map { chain in
                "\(counted(chain.records, "record")) by \(chain.signer.prefix(Self.shownSigner))… in \(place.name), the last"
                    + " \(chain.head.prefix(Self.shownHash))"
            }
            layout.list("records", chains)
            layout.list("unreadable", place.brokenRecords.map { "\($0.record): \($0.reason)" })
        }
        layout.list("not examined", facts.notExamined.map { "repository '\($0.name)': \($0.reason)" })
    }
}
