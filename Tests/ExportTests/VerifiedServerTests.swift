import Diagnostics
import Export
import Glibc
import PostgresClient
import Repository
import TestSupport
import Testing

@Suite("A server that is not on this machine has to prove who it is")
struct VerifiedServerTests {
    /// This machine by its own name, which is no name of the loopback interface: as good as another machine.
    private static func hostName() throws -> String {
        var name = [CChar](repeating: 0, count: 256)
        try #require(gethostname(&name, name.count - 1) == 0)
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A server with a certificate for `name`; `certificate` is its file.
    private func withServer(
        certifiedAs name: String,
        _ body: (_ settings: [String: String], _ certificate: String) throws -> Void
    ) throws {
        try withScratchFolder { folder in
            let host = try Self.hostName()
            let cluster = try HistoryCluster(in: folder)
            cluster.stop()
            try cluster.certify(as: name, listeningOn: host)
            try cluster.start()
            try Connection(cluster.settings).execute("CREATE ROLE far LOGIN SUPERUSER; CREATE TABLE t AS SELECT 1 AS i")
            let settings = ["host": host, "port": String(cluster.port), "user": "far", "dbname": "postgres"]
            try body(settings, cluster.folder + "/server.crt")
        }
    }

    @Test("whose certificate nobody vouches for is refused, though nobody asked for verification")
    func unknownAuthority() throws {
        try withServer(certifiedAs: Self.hostName()) { settings, certificate in
            let open = try ConnectionSettings(keywords: settings)
            #expect(!open.isLocal)
            try withScratchFolder { folder in
                let scene = try ExportScene(open, in: folder)
                let refused = try diagnostic { try scene.backup() }
                #expect(refused.code == .databaseUnreachable, "\(refused)")
                #expect(refused.cause?.contains("certificate verify failed") == true, "\(refused)")
                #expect(refused.hint?.contains("sslrootcert") == true)
                #expect(try scene.repository.listPoints().isEmpty)
                // With the certificate that its owner hands over it is the server that it says it is.
                let known = try open.with("sslrootcert", certificate)
                try scene.backup { $0.source = known }
            }
        }
    }

    @Test("whose certificate is for another name is refused")
    func anotherName() throws {
        try withServer(certifiedAs: "other.example") { settings, certificate in
            let known = try ConnectionSettings(keywords: settings).with("sslrootcert", certificate)
            let refused = #expect(throws: PostgresError.self) { _ = try Connection(known) }
            #expect(refused?.message.contains("does not match host name") == true, "\(String(describing: refused))")
            // Whoever wants less has to say so.
            _ = try Connection(known.with("sslmode", "verify-ca"))
        }
    }
}
