package import Diagnostics
package import Model
import Synchronization

/// Records that do not count because nobody here knows who signed them.
package struct UnknownChain: Sendable, Hashable {
    package var plan: PlanName
    package var signer: String
}

/// What somebody should be told beside the answer, gathered while a repository is worked with; any thread.
final class RepositoryRemarks: Sendable {
    private struct Said {
        var chains: [UnknownChain] = []
        var links: [BrokenLink] = []
        var remarks: [Diagnostic] = []
    }

    private let said = Mutex(Said())

    /// Chains of unknown signers that a reading of records passed over, each once.
    var unknownChains: [UnknownChain] { said.withLock { $0.chains } }
    /// All else, each once.
    var others: [Diagnostic] { said.withLock { $0.remarks } }
    /// Records that are damaged or missing, and which no operator has accepted, each once.
    var brokenLinks: [BrokenLink] { said.withLock { $0.links } }

    func note(_ link: BrokenLink) {
        said.withLock { if !$0.links.contains(link) { $0.links.append(link) } }
    }

    func passOver(_ chain: UnknownChain) {
        said.withLock { if !$0.chains.contains(chain) { $0.chains.append(chain) } }
    }

    func add(_ remark: Diagnostic) {
        said.withLock { if !$0.remarks.contains(remark) { $0.remarks.append(remark) } }
    }
}

extension Repository {
    /// What to tell beside the answer, of everything that was done with this repository until now.
    ///
    /// Records that do not count, sessions and records that the store did not take.
    package var remarks: [Diagnostic] { (brokenLinkRemark.map { [$0] } ?? []) + otherRemarks }

    /// The same without the records that are damaged or missing.
    package var otherRemarks: [Diagnostic] { unknownChainRemarks + said.others }

    /// Records that are damaged or missing, of all that were read until now; without those that were accepted.
    package var brokenRecords: [BrokenLink] { said.brokenLinks }

    /// Reads the records of a plan, those that this process has not read, for what is damaged or missing among them.
    package func brokenRecords(of plan: PlanName) throws -> [BrokenLink] {
        _ = try records(plan: plan, remembering: true)
        return said.brokenLinks.filter { $0.place.plan == plan }
    }

    private var brokenLinkRemark: Diagnostic? {
        let links = said.brokenLinks
        guard let first = links.first else { return nil }
        let plans = Set(links.map(\.place.plan.text)).sorted().map { "'\($0)'" }.joined(separator: ", ")
        return Diagnostic(
            .signatureInvalid,
            "\(links.count == 1 ? "a record" : "\(links.count) records") of plan \(plans) in \(displayName) cannot be read: what"
                + " \(links.count == 1 ? "it" : "they") said does not count",
            cause: "'\(first.place.key)': \(first.reason)",
            hint:
                "All others count, and nothing is pruned there for now; 'lifeboat verify' lists what is wrong."
        )
    }

    private var unknownChainRemarks: [Diagnostic] {
        Dictionary(grouping: said.unknownChains, by: \.signer).sorted { $0.key < $1.key }.map { signer, chains in
            let plans = chains.map { "'\($0.plan)'" }.sorted().joined(separator: ", ")
            return Diagnostic(
                .signerUntrusted,
                "records of plan \(plans) in \(displayName) do not count: this machine does not know who signed them",
                cause: "the signer is \(signer)",
                hint: "Compare the key with the escrow sheet; if it is there, run 'lifeboat key trust \(signer)'."
            )
        }
    }

    /// Throws when records were passed over that may hold a point.
    func requireEveryRecord(_ options: PruneOptions) throws {
        if let refusal = pruneRefusal(options) { throw refusal }
    }

    /// Why nothing is removed after records were passed over: one of them may hold a point.
    package func pruneRefusal(_ options: PruneOptions) -> Diagnostic? {
        if let chain = said.unknownChains.first {
            return Diagnostic(
                .signerUntrusted,
                "refusing to prune \(displayName): a record of an unknown signer may hold a point there",
                cause: "the signer is \(chain.signer)",
                hint:
                    "If the key is one of yours, run 'lifeboat key trust \(chain.signer)'; if it is not, find out who writes"
                    + " there, and remove '\(Layout.records(of: chain.plan, signer: chain.signer))'."
            )
        }
        guard !options.acceptsBrokenChain, let link = said.brokenLinks.first else { return nil }
        return Diagnostic(
            .signatureInvalid,
            "refusing to prune \(displayName): a record that cannot be read may hold a point there",
            cause: "'\(link.place.key)': \(link.reason)",
            hint: "Find out who did that, hold again what must stay, and go on with --accept-broken-chain."
        )
    }

    /// Writes which damaged and missing records an operator has accepted, so that the next prune needs no word for them.
    func recordAcceptance(_ author: RecordAuthor) throws {
        for (plan, links) in Dictionary(grouping: said.brokenLinks, by: \.place.plan).sorted(by: {
            $0.key.text < $1.key.text
        }) {
            let keys = links.map(\.place.key.text)
            let run = PruneRun(removedPoints: [], removedArchives: 0, freedBytes: 0, acceptedRecords: keys)
            try append(author.record(.prune(run), plan: plan))
        }
    }

    /// Announces a run that only reads; nil, with a remark, where the store cannot be written.
    ///
    /// Without a session nothing keeps a prune elsewhere from removing what is being read: that run then fails, and
    /// reads nothing wrong. A copy that cannot be written, or is full, is often the one that is left.
    package func beginReadingSession(kind: SessionKind, plan: PlanName?, base: PointName?) throws -> Session? {
        do {
            return try beginSession(kind: kind, plan: plan, base: base)
        } catch let error as Diagnostic where error.saysThatNothingCanBeWritten {
            said.add(
                Diagnostic(
                    .repositoryStorage,
                    "\(displayName) cannot be written, so it is read without a sign that it is in use",
                    cause: error.cause ?? error.summary,
                    hint: "See that nobody prunes it meanwhile."
                )
            )
            return nil
        }
    }

    /// Appends the record of a run that has changed nothing else; a remark says so where the store cannot be written.
    package func appendOutcome(_ record: RunRecord) throws {
        do {
            try append(record)
        } catch let error as Diagnostic where error.saysThatNothingCanBeWritten {
            said.add(
                Diagnostic(
                    .repositoryStorage,
                    "the result could not be recorded in \(displayName): points, reports and retention do not know of it",
                    cause: error.cause ?? error.summary,
                    hint: "Run it again on a copy that can be written, so that it counts."
                )
            )
        }
    }
}

extension Diagnostic {
    /// Whether a store refused to write, whatever the reason; reading may still work.
    var saysThatNothingCanBeWritten: Bool { code == .repositoryStorage || code == .repositoryFull }
}
