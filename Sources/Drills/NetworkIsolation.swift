import Model
package import Streams

/// Whether a scratch cluster can call anybody.
///
/// A database is full of addresses: foreign servers, functions that use `dblink`, programs that a superuser's function
/// starts. A rehearsal that follows one of them reads from production, or writes there.
package enum NetworkIsolation: Sendable, Equatable {
    /// It runs in a network of its own in which there is nothing.
    case inForce(EmptyNetwork)
    /// It runs in this machine's network, for this reason.
    case impossible(reason: String)

    private static let name = "isolation from the network"

    /// The best that this machine allows for a server that runs as `user`.
    package static func best(for user: String?) -> NetworkIsolation {
        do {
            return .inForce(try EmptyNetwork.find(for: user))
        } catch {
            return .impossible(reason: error.reason)
        }
    }

    /// What to start the server in; nil for this machine's own network.
    var network: EmptyNetwork? {
        if case .inForce(let network) = self { network } else { nil }
    }

    /// What holds of the process that was really started.
    func confirmed(of process: Int32) -> NetworkIsolation {
        guard case .inForce = self, !EmptyNetwork.isAnother(of: process) else { return self }
        return .impossible(reason: "the server was started in a network of its own, and does not run in one")
    }

    /// What a report says: a check that passed, or that there was none.
    func report(in findings: inout DrillFindings) {
        switch self {
        case .inForce: findings.checks.append(DrillRun.Check(name: Self.name, passed: true))
        case .impossible(let reason):
            findings.notices.append(
                Omission(
                    object: Self.name,
                    reason: "not in force, the scratch cluster could have called other servers: \(reason)"
                )
            )
        }
    }
}
