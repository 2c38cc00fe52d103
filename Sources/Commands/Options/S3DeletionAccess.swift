import Diagnostics
import Settings

/// The credentials with which a prune deletes, found in the environment or left to a profile.
struct S3DeletionAccess {
    let deletion: S3Deletion
    let place: String
    let environment: [String: String]

    /// Nil where variables hold the key.
    var profile: String? { if case .profile(let name) = deletion { name } else { nil } }

    /// The environment as the store reads it, with the other key in the place of its own.
    func variables() throws -> [String: String] {
        guard case .environment(let accessKey, let secretKey, let sessionToken) = deletion else { return environment }
        var result = environment
        result["AWS_ACCESS_KEY_ID"] = try value(accessKey)
        result["AWS_SECRET_ACCESS_KEY"] = try value(secretKey)
        result["AWS_SESSION_TOKEN"] = try sessionToken.map(value)
        result["AWS_CREDENTIAL_EXPIRATION"] = nil
        return result
    }

    private func value(_ name: String) throws -> String {
        guard let value = environment[name], !value.isEmpty else {
            throw Diagnostic(
                .settingsMissing,
                "the environment variable '\(name)' is not set",
                cause: "deleteWith of '\(place)' names it",
                hint: "Export it, or name a profile."
            )
        }
        return value
    }
}

extension SFTPLocation {
    /// The same folder for another login, which shows what it names, or where it names nothing what the first one shows.
    func reached(by deletion: SFTPDeletion) -> SFTPLocation {
        var other = self
        other.user = deletion.user ?? user
        guard deletion.identityFile != nil || deletion.passwordVariable != nil else { return other }
        other.identityFile = deletion.identityFile
        other.passwordVariable = deletion.passwordVariable
        return other
    }
}
