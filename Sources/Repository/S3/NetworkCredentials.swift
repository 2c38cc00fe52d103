import Diagnostics
import FoundationEssentials
import HTTPClient
import Model
import Streams

/// Credentials from the endpoints that AWS gives its containers and machines; asked only when the settings say so.
struct NetworkCredentials {
    let environment: [String: String]
    let stop: Stop?

    private struct Answer: Decodable {
        var AccessKeyId: String
        var SecretAccessKey: String
        var Token: String
        var Expiration: String
    }

    /// The endpoint of AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI.
    func fromContainer() throws -> AWSCredentials {
        let url: String
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"].nonEmpty {
            url = "http://169.254.170.2" + path
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"].nonEmpty {
            guard Self.isAllowed(full) else {
                throw failure(
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI names neither this machine nor a container's endpoint",
                    "Use https, or one of the addresses that ECS and EKS give."
                )
            }
            url = full
        } else {
            throw failure("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set", "Choose another kind of credentials.")
        }
        var headers: [(name: String, value: String)] = []
        if let token = try containerToken() { headers.append(("Authorization", token)) }
        return try read(try ask(HTTPRequest("GET", url, headers: headers)), origin: "the container's endpoint")
    }

    /// The instance metadata service, version 2: a token first, which no forwarded request can obtain.
    func fromInstance() throws -> AWSCredentials {
        let host = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"].nonEmpty ?? "http://169.254.169.254"
        let lifetime = [(name: "X-aws-ec2-metadata-token-ttl-seconds", value: "300")]
        let token = try ask(HTTPRequest("PUT", host + "/latest/api/token", headers: lifetime))
        let headers = [(name: "X-aws-ec2-metadata-token", value: token)]
        let roles = host + "/latest/meta-data/iam/security-credentials/"
        let names = try ask(HTTPRequest("GET", roles, headers: headers))
        guard let role = names.split(whereSeparator: \.isNewline).first else {
            throw failure("this machine has no role", "Attach an instance profile, or choose other credentials.")
        }
        let answer = try ask(HTTPRequest("GET", roles + S3Address.encode(String(role)), headers: headers))
        return try read(answer, origin: "the machine's metadata service")
    }

    /// https, or in clear only where AWS's agents listen.
    private static func isAllowed(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return true }
        let hosts = ["localhost", "127.0.0.1", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]
        return hosts.contains { url.hasPrefix("http://\($0)/") || url.hasPrefix("http://\($0):") }
    }

    private func containerToken() throws -> String? {
        if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"].nonEmpty {
            let text = String(decoding: try FileSource(path: path).readAll(limit: 1 << 16), as: UTF8.self)
            return text.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
        return environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"].nonEmpty
    }

    private func ask(_ request: HTTPRequest) throws -> String {
        var settings = HTTPClientSettings()
        settings.allowsPlainText = true
        settings.connectSeconds = 3
        settings.stallSeconds = 10
        do {
            let answer = try HTTPClient(settings, stop: stop).perform(request, limit: 1 << 16)
            guard answer.status == 200 else {
                throw failure("it answered with status \(answer.status)", "Check that this host may use the role.")
            }
            return String(decoding: answer.body, as: UTF8.self)
        } catch let error as HTTPFailure {
            throw failure(error.message, "Run this on a machine or in a container of AWS, or choose other credentials.")
        }
    }

    private func read(_ text: String, origin: String) throws -> AWSCredentials {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(text.utf8)),
            let expires = Instant(answer.Expiration)
        else { throw failure("its answer has no credentials", "Check that this host may use the role.") }
        return AWSCredentials(
            accessKey: answer.AccessKeyId,
            secretKey: answer.SecretAccessKey,
            sessionToken: answer.Token,
            expires: expires,
            origin: origin
        )
    }

    private func failure(_ cause: String, _ hint: String) -> Diagnostic {
        Diagnostic(.repositoryAccess, "cannot get S3 credentials from the endpoint of AWS", cause: cause, hint: hint)
    }
}
