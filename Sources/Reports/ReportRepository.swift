package import Model

/// One repository's evidence: how far its records go, and what is gone from it.
package struct ReportRepository: Sendable, Hashable, Encodable {
    /// The records of one signer.
    package struct Chain: Sendable, Hashable, Encodable {
        package let signer: String
        package let records: Int
        /// SHA-256 of the last record: whoever has seen it notices when the end of the chain is taken away.
        package let head: String

        /// Creates the facts.
        package init(signer: String, records: Int, head: String) {
            self.signer = signer
            self.records = records
            self.head = head
        }
    }

    /// A record that is damaged, planted or missing, and that nobody has accepted.
    package struct BrokenRecord: Sendable, Hashable, Encodable {
        package let record: String
        package let reason: String

        /// Creates the facts.
        package init(record: String, reason: String) {
            self.record = record
            self.reason = reason
        }
    }

    /// A point that should be there and is not, or is another one.
    package struct MissingPoint: Sendable, Hashable, Encodable {
        package let point: PointName
        package let reason: String

        /// Creates the facts.
        package init(point: PointName, reason: String) {
            self.point = point
            self.reason = reason
        }
    }

    package let name: String
    package let chains: [Chain]
    package let brokenRecords: [BrokenRecord]
    package let missingPoints: [MissingPoint]

    /// Creates the facts.
    package init(
        name: String,
        chains: [Chain],
        brokenRecords: [BrokenRecord] = [],
        missingPoints: [MissingPoint] = []
    ) {
        self.name = name
        self.chains = chains
        self.brokenRecords = brokenRecords
        self.missingPoints = missingPoints
    }
}

/// A repository of the plan that could not be examined.
package struct UnexaminedRepository: Sendable, Hashable, Encodable {
    package let name: String
    package let reason: String

    /// Creates the facts.
    package init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}
