import Diagnostics
import PostgresClient
import TestSupport
import Testing

@Suite("refused connections")
struct ConnectFailureTests {
    @Test("a wrong password is an authentication failure with advice", arguments: PostgresMajor.allCases)
    func wrongPassword(major: PostgresMajor) throws {
        let server = try PostgresServer.shared(major)
        try Connection(server.settings()).execute(
            "DROP ROLE IF EXISTS guarded; CREATE ROLE guarded LOGIN PASSWORD 'right'"
        )
        let right = try server.networkSettings(user: "guarded", password: "right")
        #expect(try Connection(right).query("SELECT current_user")[0, 0] == "guarded")

        let failure = try connectFailure(server.networkSettings(user: "guarded", password: "wr0ng"))
        let diagnostic = failure.diagnostic(while: "cannot read '\(right.displayName)'")
        #expect(diagnostic.code == .databaseAuthentication)
        #expect(diagnostic.code.exitStatus == .database)
        #expect(diagnostic.cause?.contains("password authentication failed for user \"guarded\"") == true)
        #expect(diagnostic.hint?.contains("PGPASSWORD") == true)
        #expect(!diagnostic.description.contains("wr0ng"))
    }

    @Test("no password at all and an unknown role are authentication failures too")
    func otherAuthentication() throws {
        let server = try PostgresServer.shared()
        for (user, password) in [("nobody_here", "x"), ("postgres", "")] {
            let failure = try connectFailure(server.networkSettings(user: user, password: password))
            #expect(failure.diagnostic(while: "x").code == .databaseAuthentication, "\(failure.message)")
        }
        let socket = try ConnectionSettings(keywords: [
            "host": server.folder, "port": String(server.port), "user": "nobody_here", "dbname": "postgres",
        ])
        #expect(try connectFailure(socket).diagnostic(while: "x").code == .databaseAuthentication)
    }

    @Test("a port where nobody listens is unreachable, and worth another try")
    func nobodyListens() throws {
        let settings = try ConnectionSettings(text: "host=127.0.0.1 port=\(unusedPort()) user=ann dbname=shop")
        let diagnostic = try connectFailure(settings).diagnostic(while: "cannot reach '\(settings.displayName)'")
        #expect(diagnostic.code == .databaseUnreachable)
        #expect(diagnostic.retry == .later)
        #expect(diagnostic.cause?.contains("Connection refused") == true)
    }

    @Test("a host that does not exist is unreachable")
    func unknownHost() throws {
        let settings = try ConnectionSettings(text: "host=no-such-host.invalid user=ann dbname=shop")
        #expect(try connectFailure(settings).diagnostic(while: "x").code == .databaseUnreachable)
    }

    @Test("a database that does not exist is named, and trying again does not help")
    func unknownDatabase() throws {
        let settings = try PostgresServer.shared().settings(database: "nowhere")
        let diagnostic = try connectFailure(settings).diagnostic(while: "x")
        #expect(diagnostic.code == .databaseUnreachable)
        #expect(diagnostic.retry == .never)
        #expect(diagnostic.cause?.contains("\"nowhere\"") == true)
    }

    @Test("a port that is no number is an address that cannot be reached")
    func noPort() throws {
        let settings = try ConnectionSettings(text: "host=127.0.0.1 port=many user=ann dbname=shop")
        #expect(try connectFailure(settings).diagnostic(while: "x").code == .databaseUnreachable)
    }

    @Test("a server without TLS is said to be one, and the way around is named")
    func noTLS() throws {
        let server = try PostgresServer.shared()
        let settings = try server.networkSettings(user: "postgres", password: "x").with("sslmode", "verify-full")
        let diagnostic = try connectFailure(settings).diagnostic(while: "x")
        #expect(diagnostic.code == .databaseUnreachable)
        #expect(diagnostic.hint?.contains("sslmode=") == true)
    }
}

private func connectFailure(_ settings: ConnectionSettings) throws -> PostgresError {
    let failure = #expect(throws: PostgresError.self) { _ = try Connection(settings) }
    let found = try #require(failure)
    #expect(found.phase == .connecting)
    return found
}
