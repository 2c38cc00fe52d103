import Diagnostics
import Model
import Settings
import Testing

private func repository(_ members: String) -> String { "{ repositories: { a: { \(members) } }, plans: {} }" }

@Suite("Repositories are folders, buckets or folders behind SFTP")
struct RepositorySettingsTests {
    @Test("every key of a bucket arrives where it belongs")
    func s3() throws {
        let settings = try parse(
            repository(
                """
                s3: "s3://backups/prod/db/", endpoint: "https://s3.example.org:9000/", region: "eu-west-1",
                profile: "backup", pathStyle: true, ca: "ca.pem", storageClass: "STANDARD_IA", lock: "30d",
                credentials: "container", rateLimit: "20MB/s", connections: 8
                """
            )
        )
        var expected = S3Location(bucket: "backups", prefix: "prod/db")
        expected.endpoint = "https://s3.example.org:9000"
        expected.region = "eu-west-1"
        expected.profile = "backup"
        expected.pathStyle = true
        expected.ca = "/etc/shop/ca.pem"
        expected.storageClass = "STANDARD_IA"
        expected.lock = .seconds(30 * 86_400)
        expected.credentials = .container
        let found = try #require(settings.repository("a"))
        #expect(found.location == .s3(expected))
        #expect(found.location.text == "s3://backups/prod/db")
        #expect(found.limits == TransferLimits(rate: ByteRate(bytesPerSecond: 20_000_000), connections: 8))
    }

    @Test("every key of a server arrives where it belongs")
    func sftp() throws {
        let settings = try parse(
            repository(
                """
                sftp: "sftp://keeper@vault.example.org:2222/srv/lifeboat/", knownHosts: "/etc/ssh/known",
                identityFile: "id_ed25519", passwordEnv: "VAULT_PASSWORD", rateLimit: "512 KiB/s"
                """
            )
        )
        var expected = SFTPLocation(host: "vault.example.org", port: 2222, user: "keeper", path: "/srv/lifeboat")
        expected.knownHosts = "/etc/ssh/known"
        expected.identityFile = "/etc/shop/id_ed25519"
        expected.passwordVariable = "VAULT_PASSWORD"
        #expect(settings.repository("a")?.location == .sftp(expected))
        #expect(settings.repository("a")?.limits.rate?.bytesPerSecond == Int64(524_288))
    }

    @Test("other credentials for deleting are read, from a profile, from variables, or as another login")
    func deletion() throws {
        let cases: [(String, RepositoryLocation)] = [
            ("s3: 's3://bucket', deleteWith: { profile: 'p' }", bucket(.profile("p"))),
            (
                "s3: 's3://bucket', deleteWith: { accessKeyEnv: 'A', secretKeyEnv: 'B', sessionTokenEnv: 'C' }",
                bucket(.environment(accessKey: "A", secretKey: "B", sessionToken: "C"))
            ),
            (
                "sftp: 'sftp://h/a', deleteWith: { user: 'u', identityFile: 'k', passwordEnv: 'P' }",
                server(SFTPDeletion(user: "u", identityFile: "/etc/shop/k", passwordVariable: "P"))
            ),
        ]
        for (text, expected) in cases {
            #expect(try parse(repository(text)).repository("a")?.location == expected, "\(text)")
        }
    }

    private func bucket(_ deletion: S3Deletion) -> RepositoryLocation {
        var location = S3Location(bucket: "bucket")
        location.deletion = deletion
        return .s3(location)
    }

    private func server(_ deletion: SFTPDeletion) -> RepositoryLocation {
        var location = SFTPLocation(host: "h", path: "/a")
        location.deletion = deletion
        return .sftp(location)
    }

    @Test(
        "URLs of servers are read whole",
        arguments: [
            ("sftp://h/a", SFTPLocation(host: "h", path: "/a")),
            ("SFTP://h/a//", SFTPLocation(host: "h", path: "/a")),
            ("sftp://u%40x@h/a%20b", SFTPLocation(host: "h", user: "u@x", path: "/a b")),
            ("sftp://u@[::1]:22/~/a/b", SFTPLocation(host: "::1", port: 22, user: "u", path: "a/b")),
        ]
    )
    func servers(_ text: String, _ expected: SFTPLocation) throws {
        #expect(try SFTPLocation(url: text) == expected)
        #expect(try SFTPLocation(url: SFTPLocation(url: "sftp://u@[::1]:22/~/a").text).path == "a")
    }

    @Test(
        "what is no place is refused",
        arguments: [
            "sftp://", "sftp:///a", "sftp://h", "sftp://h/", "sftp://h:0/a", "sftp://h:70000/a", "sftp://h/%zz",
            "sftp://h/%00", "sftp://a b/c", "http://h/a",
        ]
    )
    func noServers(_ text: String) {
        #expect(throws: RepositoryURLError.self) { try SFTPLocation(url: text) }
    }

    @Test(
        "what is no part of a bucket is refused",
        arguments: [
            "s3://", "s3:///p", "s3://b", "s3://ab/p", "s3://bucket//p", "s3://bucket/../p", "s3://bucket/p?x=1",
        ]
    )
    func noBuckets(_ text: String) {
        #expect(throws: RepositoryURLError.self) { try S3Location(url: text) }
    }

    @Test("a password in a URL is refused and not repeated")
    func passwords() {
        for text in ["sftp://u:hunter2@h/a", "sftp://u:hun/ter2@h/a", "sftp://:hunter2@h/a"] {
            let error = #expect(throws: RepositoryURLError.self) { try SFTPLocation(url: text) }
            #expect(error?.reason == .secret && error?.message.contains("ter2") == false)
            let errors = #expect(throws: SettingsErrors.self) { try parse(repository("sftp: '\(text)'")) }
            #expect(errors?.diagnostics.description.contains("ter2") == false)
        }
        let error = #expect(throws: RepositoryURLError.self) { try S3Location(url: "s3://AKIA:hunter2@bucket/p") }
        #expect(error?.reason == .secret)
        let errors = #expect(throws: SettingsErrors.self) {
            try parse(repository("sftp: 'sftp://h/a', passwordEnv: 'hunter 2'"))
        }
        #expect(errors?.diagnostics.description.contains("hunter") == false)
    }

    @Test(
        "each mistake has its exact lines",
        arguments: [
            (
                repository("path: 's3://bucket/p'"),
                [
                    "error: 'path' is not a folder but a URL in lifeboat.json:1:30",
                    "hint: write s3: \"s3://…\" instead of path.",
                ]
            ),
            (
                repository("path: 'x', lock: '30d'"),
                [
                    "error: unknown key 'lock' in lifeboat.json:1:35",
                    "hint: a repository knows: path, rateLimit, connections.",
                ]
            ),
            (
                repository("path: 'x', sftp: 'sftp://h/a'"),
                [
                    "error: a repository has both 'path' and 'sftp' in lifeboat.json:1:35",
                    "hint: give each place a name of its own.",
                ]
            ),
            (
                repository("sftp: 'sftp://h/a', hostKey: 'SHA256:short'"),
                [
                    "error: 'hostKey' is no host key in lifeboat.json:1:53",
                    "hint: use what 'ssh-keygen -lf' prints of the server's public key: SHA256:…",
                ]
            ),
            (
                repository("s3: 's3://bucket', endpoint: 'https://k:s@h'"),
                [
                    "error: 'endpoint' is not the URL of a server in lifeboat.json:1:53",
                    "hint: write https:// and a host, with its port, without credentials or a path.",
                ]
            ),
            (
                repository("s3: 's3://bucket', pathStyle: 'yes', rateLimit: '0MB/s'"),
                [
                    "error: 'pathStyle' must be true or false, not a string in lifeboat.json:1:54",
                    "error: 'rateLimit': '0MB/s' lets nothing through; leave it out for no limit in lifeboat.json:1:72",
                ]
            ),
            (
                repository("s3: 's3://bucket', deleteWith: { profile: 'p', accessKeyEnv: 'A' }"),
                [
                    "error: 'deleteWith' does not say which credentials in lifeboat.json:1:55",
                    "hint: name either a profile, or accessKeyEnv and secretKeyEnv.",
                ]
            ),
            (
                repository("sftp: 'sftp://h/a', deleteWith: {}"),
                [
                    "error: 'deleteWith' names no other login in lifeboat.json:1:56",
                    "hint: name user or identityFile.",
                ]
            ),
        ]
    )
    func lines(_ file: String, _ lines: [String]) {
        let errors = #expect(throws: SettingsErrors.self) { try parse(file) }
        #expect(errors?.diagnostics.flatMap { $0.lines() } == lines)
    }

    @Test("the template that init writes names a server or a bucket as well as a folder")
    func template() throws {
        for location in [
            RepositoryLocation.s3(S3Location(bucket: "bucket", prefix: "p")),
            .sftp(try SFTPLocation(url: "sftp://u@h/p")),
        ] {
            let template = SettingsTemplate(plan: "shop", source: .environment("X"), repository: location)
            let settings = try parse(template.text)
            #expect(settings.repository("remote")?.location == location)
            #expect(settings.plan("shop")?.repositories == ["remote"])
        }
    }
}
