import Diagnostics
import Glibc
import Model
import Streams
import TestSupport
import Testing

@testable import Repository

@Suite("Where S3 credentials come from")
struct AWSCredentialTests {
    private func credentials(
        _ environment: [String: String],
        _ change: (inout S3Settings) -> Void = { _ in }
    ) throws -> AWSCredentials {
        var settings = S3Settings(bucket: "bucket")
        change(&settings)
        return try AWSCredentialSource(settings, environment: environment, stop: nil).current(now: .now)
    }

    private func write(_ text: String, _ path: String) throws {
        let file = try AtomicFile(path: path, .replace)
        try file.write(text: text)
        try file.finish()
    }

    /// A home with AWS's files in it.
    private func withHome(_ body: (String) throws -> Void) throws {
        let home = try ScratchFolder()
        mkdir(home.path + "/.aws", 0o700)
        let credentials = """
            [default]
            aws_access_key_id = FILEKEY
            aws_secret_access_key = filesecret
            [other]
            aws_access_key_id=OTHERKEY
            aws_secret_access_key=other/secret+== # a remark
            aws_session_token = othertoken

            """
        try write(credentials, home.path + "/.aws/credentials")
        let config = """
            # comment
            [default]
            region = eu-north-1
            [profile other]
            region = eu-west-3
            endpoint_url = http://127.0.0.1:7000
            s3 =
              addressing_style = path
            [profile sso]
            sso_session = x

            """
        try write(config, home.path + "/.aws/config")
        try body(home.path)
    }

    @Test("the environment goes first, then the default profile")
    func order() throws {
        try withHome { home in
            let keys = ["AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"]
            let both = try credentials(keys.merging(["HOME": home]) { a, _ in a })
            #expect(both.accessKey == "ENVKEY" && both.sessionToken == "t")
            let file = try credentials(["HOME": home, "AWS_ACCESS_KEY_ID": ""])
            #expect(file.accessKey == "FILEKEY" && file.secretKey == "filesecret" && file.sessionToken == nil)
        }
    }

    @Test("a profile is named by the settings or AWS_PROFILE, and its files by variables")
    func profiles() throws {
        try withHome { home in
            let other = try credentials(["HOME": home, "AWS_PROFILE": "other"])
            #expect(
                other.accessKey == "OTHERKEY" && other.secretKey == "other/secret+=="
                    && other.sessionToken == "othertoken"
            )
            let keys = ["HOME": home, "AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "s"]
            #expect(try credentials(keys) { $0.profile = "other" }.accessKey == "OTHERKEY")
            let moved = ["AWS_SHARED_CREDENTIALS_FILE": home + "/.aws/credentials", "AWS_CONFIG_FILE": "/nonexistent"]
            #expect(try credentials(moved).accessKey == "FILEKEY")
            var settings = S3Settings(bucket: "bucket")
            settings.profile = "other"
            let place = try S3Surroundings(settings, environment: ["HOME": home]).address
            #expect(place.host == "127.0.0.1:7000" && place.region == "eu-west-3")
        }
    }

    @Test("endpoint and region come from the most specific that is set")
    func places() throws {
        func address(_ environment: [String: String], _ change: (inout S3Settings) -> Void = { _ in }) throws
            -> S3Address
        {
            var settings = S3Settings(bucket: "bucket")
            change(&settings)
            return try S3Surroundings(settings, environment: environment).address
        }
        let both = ["AWS_ENDPOINT_URL": "https://one", "AWS_ENDPOINT_URL_S3": "https://two"]
        #expect(try address(both).host == "two")
        #expect(try address(both) { $0.endpoint = "https://three" }.host == "three")
        let ignored = ["AWS_ENDPOINT_URL": "https://one", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]
        #expect(try address(ignored).host == "s3.us-east-1.amazonaws.com")
        #expect(try address(["AWS_DEFAULT_REGION": "a", "AWS_REGION": "b"]).region == "b")
        #expect(code { _ = try address(["AWS_ENDPOINT_URL": "one"]) } == .settingsInvalid)
    }

    @Test("what is missing is said, and the network is never asked unasked")
    func missing() throws {
        try withHome { home in
            for environment in [
                [:], ["AWS_ACCESS_KEY_ID": "k"], ["HOME": home, "AWS_PROFILE": "nobody"],
                ["HOME": home, "AWS_PROFILE": "sso"],
            ] {
                #expect(code { _ = try credentials(environment) } == .repositoryAccess, "\(environment)")
            }
            #expect(
                code { _ = try credentials(["HOME": home]) { $0.credentials = .environment } } == .repositoryAccess
            )
        }
    }

    @Test("a container's endpoint is asked with its token, and asked again before the credentials expire")
    func container() throws {
        let seen = ProgressCounter()
        let server = try LoopbackServer { connection in
            while let request = connection.request() {
                guard LoopbackConnection.value("authorization", in: request.head) == "open" else {
                    connection.answer("403 Forbidden")
                    continue
                }
                seen.add(1)
                let end = Instant(secondsSinceEpoch: Instant.now.secondsSinceEpoch + 600)
                connection.answer(
                    "200 OK",
                    body:
                        "{\"AccessKeyId\":\"K\(seen.value)\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"\(end)\"}"
                )
            }
        }
        var settings = S3Settings(bucket: "bucket")
        settings.credentials = .container
        let environment = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(server.port)/x",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "open",
        ]
        let source = AWSCredentialSource(settings, environment: environment, stop: nil)
        #expect(try source.current(now: .now).accessKey == "K1")
        #expect(try source.current(now: .now + .seconds(120)).accessKey == "K1")
        #expect(try source.current(now: .now + .seconds(400)).accessKey == "K2")
        let elsewhere = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://10.0.0.1/x"]
        #expect(code { _ = try credentials(elsewhere) { $0.credentials = .container } } == .repositoryAccess)
    }

    @Test("a machine's metadata service is asked with a token of its own")
    func instance() throws {
        let server = try LoopbackServer { connection in
            while let request = connection.request() {
                let path = request.head.split(separator: " ")[1]
                let hasToken = LoopbackConnection.value("x-aws-ec2-metadata-token", in: request.head) == "secret"
                switch path {
                case "/latest/api/token" where request.head.hasPrefix("PUT"):
                    connection.answer("200 OK", body: "secret")
                case _ where !hasToken: connection.answer("401 Unauthorized")
                case "/latest/meta-data/iam/security-credentials/": connection.answer("200 OK", body: "role\n")
                default:
                    connection.answer(
                        "200 OK",
                        body:
                            "{\"AccessKeyId\":\"M\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2099-01-01T00:00:00Z\"}"
                    )
                }
            }
        }
        let environment = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(server.port)"]
        #expect(try credentials(environment) { $0.credentials = .instance }.accessKey == "M")
    }
}
