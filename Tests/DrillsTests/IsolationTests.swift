import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

@testable import Drills

@Suite("A scratch cluster and the network", .serialized)
struct IsolationTests {
    /// A role of the shared server that comes in over TCP with a password, as a foreign server's mapping would have it.
    private static let role = "caller_from_a_drill"

    private func withCluster(
        _ isolation: NetworkIsolation?,
        _ body: (EphemeralCluster, Connection) throws -> Void
    ) throws {
        let cluster = try EphemeralCluster(
            binaries: ServerBinaries(folder: try PostgresMajor.v15.binaries(), major: 15),
            parent: "/tmp",
            tuning: ClusterTuning(isDurable: false, machineBytes: 1 << 30, tables: 1, connections: 2, major: 15),
            isolation: isolation,
            stop: Stop()
        )
        try body(cluster, try Connection(cluster.settings(database: "postgres")))
    }

    /// What a superuser of the cluster can do to reach the port: a foreign table, and a program; `nil` is success.
    private func calls(to port: Int, from session: Connection) throws -> [String: String?] {
        try session.execute(
            """
            SET search_path = public;
            CREATE EXTENSION postgres_fdw;
            CREATE SERVER production FOREIGN DATA WRAPPER postgres_fdw
              OPTIONS (host '127.0.0.1', port '\(port)', dbname 'postgres');
            CREATE USER MAPPING FOR CURRENT_USER SERVER production OPTIONS (user '\(Self.role)', password 'secret');
            CREATE FOREIGN TABLE theirs (relname name) SERVER production OPTIONS (schema_name 'pg_catalog', table_name 'pg_class');
            CREATE TABLE answer (line text)
            """
        )
        let program = "bash -c ''exec 3<>/dev/tcp/127.0.0.1/\(port)''"
        let attempts = [
            "foreign table": "SELECT count(*) FROM theirs",
            "program": "COPY answer FROM PROGRAM '\(program)'",
        ]
        return try attempts.mapValues { sql in
            do {
                try session.execute(sql)
                return nil
            } catch let error as PostgresError {
                return error.message
            }
        }
    }

    private func withCalledServer(_ body: (Int) throws -> Void) throws {
        let server = try PostgresServer.shared()
        let session = try Connection(server.settings())
        try session.execute("CREATE ROLE \(Self.role) LOGIN PASSWORD 'secret'")
        defer { try? session.execute("DROP ROLE \(Self.role)") }
        try body(server.port)
    }

    @Test("its superuser reaches no server from within, not even one on this machine")
    func cannotCall() throws {
        try withCalledServer { port in
            try withCluster(nil) { cluster, session in
                guard case .inForce = cluster.isolation else {
                    Issue.record("this machine allows no network of its own: \(cluster.isolation)")
                    return
                }
                let outcomes = try calls(to: port, from: session)
                #expect(outcomes["foreign table"]??.contains("could not connect to server \"production\"") == true)
                #expect(outcomes["program"]??.contains("bash") == true, "\(outcomes)")
            }
            // The very same calls get through without it, so the network is what stops them.
            try withCluster(.impossible(reason: "asked for")) { _, session in
                let outcomes = try calls(to: port, from: session)
                #expect(outcomes.values.allSatisfy { $0 == nil }, "\(outcomes)")
            }
        }
    }

    @Test("what the report says is what the kernel says of the running server")
    func isReported() throws {
        var findings = DrillFindings()
        NetworkIsolation.inForce(.asRoot).report(in: &findings)
        #expect(findings.checks == [DrillRun.Check(name: "isolation from the network", passed: true)])
        #expect(findings.notices.isEmpty)
        findings = DrillFindings()
        // Ourselves are in our own network, whatever was asked for.
        let unconfirmed = NetworkIsolation.inForce(.asRoot).confirmed(of: ProcessToken.current.id)
        unconfirmed.report(in: &findings)
        #expect(findings.checks.isEmpty)
        #expect(findings.notices.first?.object == "isolation from the network")
        #expect(findings.notices.first?.reason.hasPrefix("not in force") == true)
        // Not a doubt about the rows: the verdict stays what it was.
        #expect(findings.verdict == .proven)
    }
}
