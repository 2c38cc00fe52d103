import Diagnostics
import Glibc
@testable import PostgresClient
import TestSupport
import Testing

/// The environment belongs to the whole process, so each of these tests has a process of its own.
@Suite("connection settings and the environment")
struct ConnectionEnvironmentTests {
    @Test("PG* variables count, and what is said counts more")
    func variables() async {
        await #expect(processExitsWith: .success) {
            set(["PGHOST": "db2.example", "PGPORT": "6000", "PGUSER": "bob", "PGDATABASE": "store"])
            let open = try ConnectionSettings(text: "")
            #expect(open.displayName == "store on db2.example:6000")
            let said = try ConnectionSettings(text: "postgres://db1.example/shop")
            #expect(said.displayName == "shop on db1.example:6000")
        }
    }

    @Test("a service file counts, and an unknown service is named")
    func services() async {
        await #expect(processExitsWith: .success) {
            try withScratchFolder { folder in
                let path = folder + "/services"
                try write("[shop]\nhost=db3.example\nport=7000\ndbname=shop\nuser=ann\nsslmode=disable\n", to: path)
                set(["PGSERVICEFILE": path])
                let settings = try ConnectionSettings(text: "service=shop")
                #expect(settings.displayName == "shop on db3.example:7000")
                #expect(!settings.isLocal)
                #expect(!settings.needsVerifiedTLS)
                let refusal = #expect(throws: Diagnostic.self) { try ConnectionSettings(text: "service=shoe") }
                #expect(refusal?.cause?.contains("\"shoe\"") == true)
            }
        }
    }

    @Test("another machine is verified unless somebody says otherwise")
    func verifiedTLS() async {
        await #expect(processExitsWith: .success) {
            let remote = "host=db1.example user=ann"
            let plain = try ConnectionSettings(text: remote)
            #expect(plain.needsVerifiedTLS)
            let keywords = keywords(of: plain)
            #expect(keywords["sslmode"] == "verify-full")
            #expect(keywords["sslrootcert"] != nil)
            #expect(keywords["connect_timeout"] == "30")
            #expect(keywords["application_name"] == "lifeboat")
            for text in [remote + " sslmode=require", remote + " sslmode=prefer", "host=localhost user=ann"] {
                let settings = try ConnectionSettings(text: text)
                #expect(!settings.needsVerifiedTLS)
            }
            set(["PGSSLMODE": "prefer"])
            let silenced = try ConnectionSettings(text: remote)
            #expect(!silenced.needsVerifiedTLS)
        }
    }

    @Test("defaults of ours never replace what somebody said")
    func explicitWins() async {
        await #expect(processExitsWith: .success) {
            set(["PGCONNECT_TIMEOUT": "3", "PGAPPNAME": "nightly", "PGCLIENTENCODING": "LATIN1"])
            let text = "host=db1.example user=ann keepalives_idle=7 sslrootcert=/x/root.crt"
            let keywords = keywords(of: try ConnectionSettings(text: text))
            #expect(keywords["connect_timeout"] == nil)
            #expect(keywords["application_name"] == nil)
            #expect(keywords["keepalives_idle"] == "7")
            #expect(keywords["sslrootcert"] == "/x/root.crt")
            #expect(keywords["client_encoding"] == "UTF8")
        }
    }
}

private func set(_ variables: [String: String]) {
    for (name, value) in variables { setenv(name, value, 1) }
}

private func keywords(of settings: ConnectionSettings) -> [String: String] {
    Dictionary(uniqueKeysWithValues: settings.connectKeywords.map { ($0.keyword, $0.value) })
}

private func write(_ text: String, to path: String) throws {
    let file = try #require(fopen(path, "w"))
    defer { fclose(file) }
    fputs(text, file)
}
