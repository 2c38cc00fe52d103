import Diagnostics
import HTTPClient
import Model
import Streams
import Synchronization

/// Finds credentials, keeps them, and finds them again before they expire or when a server says that they did.
///
/// The order is that of AWS's own tools: the environment, then the profile of the shared files. An endpoint on the
/// network is asked only where the settings say so: a host that a stranger controls could hand out credentials, and a
/// machine without any would wait for a metadata service that is not there.
final class AWSCredentialSource: Sendable {
    private let choice: S3Settings.CredentialChoice
    private let environment: [String: String]
    private let profile: String?
    private let stop: Stop?
    private let known = Mutex<AWSCredentials?>(nil)

    /// How long before their end credentials are replaced: an upload that begins now must still be accepted at its end.
    private static let margin = Duration.seconds(300)

    init(_ settings: S3Settings, environment: [String: String], stop: Stop?) {
        choice = settings.credentials
        profile = settings.profile
        self.environment = environment
        self.stop = stop
    }

    /// Credentials that are good for some minutes from `now`.
    func current(now: Instant) throws -> AWSCredentials {
        try known.withLock { known in
            if let known, known.expires.map({ $0 - now > Self.margin }) ?? true { return known }
            let found = try find()
            known = found
            return found
        }
    }

    /// Looks again after a server refused `refused`; nil when there is nothing new.
    func renewed(after refused: AWSCredentials) throws -> AWSCredentials? {
        try known.withLock { known in
            // Another request may have found them already.
            if let known, known != refused { return known }
            let found = try find()
            guard found != refused else { return nil }
            known = found
            return found
        }
    }

    private func find() throws -> AWSCredentials {
        switch choice {
        case .conventional:
            // A profile that was asked for by name goes before keys that happen to be in the environment.
            let found = profile == nil ? try fromEnvironment() ?? fromProfile() : try fromProfile()
            guard let found else { throw missing("neither the environment nor a profile has any") }
            return found
        case .environment:
            guard let found = try fromEnvironment() else { throw missing("AWS_ACCESS_KEY_ID is not set") }
            return found
        case .profile:
            guard let found = try fromProfile() else { throw missing("no profile has any") }
            return found
        case .container: return try NetworkCredentials(environment: environment, stop: stop).fromContainer()
        case .instance: return try NetworkCredentials(environment: environment, stop: stop).fromInstance()
        }
    }

    private func fromEnvironment() throws -> AWSCredentials? {
        guard let key = environment["AWS_ACCESS_KEY_ID"].nonEmpty else { return nil }
        guard let secret = environment["AWS_SECRET_ACCESS_KEY"].nonEmpty else {
            throw missing("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not")
        }
        return AWSCredentials(
            accessKey: key,
            secretKey: secret,
            sessionToken: environment["AWS_SESSION_TOKEN"].nonEmpty,
            expires: environment["AWS_CREDENTIAL_EXPIRATION"].flatMap { Instant($0) },
            origin: "the environment"
        )
    }

    private func fromProfile() throws -> AWSCredentials? {
        let files = try AWSConfiguration(environment: environment, profile: profile)
        guard files.hasProfile else {
            guard files.isProfileNamed else { return nil }
            throw missing("there is no profile '\(files.profile)' in the AWS files")
        }
        guard let key = files["aws_access_key_id"] else {
            guard files.isProfileNamed else { return nil }
            throw missing(
                files["credential_process"] != nil || files["sso_session"] != nil || files["role_arn"] != nil
                    ? "profile '\(files.profile)' asks for a role, single sign-on or a program, which are not supported"
                    : "profile '\(files.profile)' has no aws_access_key_id"
            )
        }
        guard let secret = files["aws_secret_access_key"] else {
            throw missing("profile '\(files.profile)' has no aws_secret_access_key")
        }
        return AWSCredentials(
            accessKey: key,
            secretKey: secret,
            sessionToken: files["aws_session_token"],
            expires: nil,
            origin: "profile '\(files.profile)'"
        )
    }

    private func missing(_ cause: String) -> Diagnostic {
        Diagnostic(
            .repositoryAccess,
            "there are no S3 credentials",
            cause: cause,
            hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile; see docs/stores.md."
        )
    }
}
