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
    private let said = Mutex<(chains: [UnknownChain], remarks: [Diagnostic])>(([], []))

    /// Chains of unknown signers that a reading of records passed over, each once.
    var unknownChains: [UnknownChain] { said.withLock { $0.chains } }
    /// All else, each once.
    var others: [Diagnostic] { said.withLock { $0.remarks } }

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
    /// Records by unknown signers that were passed over, sessions and records that the store did not take.
    package var remarks: [Diagnostic] { unknownChainRemarks + said.others }

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

    /// Throws when records by unknown signers were passed over.
    func requireEveryRecord() throws { if let pruneRefusal { throw pruneRefusal } }

    /// Why nothing is removed after records by unknown signers were passed over: one of them may hold a point.
    package var pruneRefusal: Diagnostic? {
        guard let chain = said.unknownChains.first else { return nil }
        return Diagnostic(
            .signerUntrusted,
            "refusing to prune \(displayName): a record of an unknown signer may hold a point there",
            cause: "the signer is \(chain.signer)",
            hint:
                "If the key is one of yours, run 'lifeboat key trust \(chain.signer)'; if it is not, find out who writes"
                + " there, and remove '\(Layout.records(of: chain.plan, signer: chain.signer))'."
        )
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
