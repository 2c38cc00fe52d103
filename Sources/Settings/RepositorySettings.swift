package import Model

/// A place for recovery points, as the settings describe it.
package struct RepositorySettings: Sendable, Equatable {
    package let name: String
    package let location: RepositoryLocation
    package let limits: TransferLimits

    /// Creates a repository's settings.
    package init(name: String, location: RepositoryLocation, limits: TransferLimits = TransferLimits()) {
        self.name = name
        self.location = location
        self.limits = limits
    }
}

/// How much of the network a repository may take.
package struct TransferLimits: Sendable, Equatable {
    /// Each way; nil for as much as there is.
    package var rate: ByteRate?
    /// Connections at once; nil for the store's own choice.
    package var connections: Int?

    /// Creates limits; what is left out is not limited.
    package init(rate: ByteRate? = nil, connections: Int? = nil) {
        self.rate = rate
        self.connections = connections
    }
}

/// Where a repository is: a folder of this machine, a bucket, or a folder behind SFTP.
package enum RepositoryLocation: Sendable, Equatable {
    /// A path; of the settings, made absolute against the folder of the settings file when that one is.
    case folder(String)
    case s3(S3Location)
    case sftp(SFTPLocation)

    /// As people write it: a path or a URL, without credentials.
    package var text: String {
        switch self {
        case .folder(let path): path
        case .s3(let location): location.text
        case .sftp(let location): location.text
        }
    }
}

/// A part of a bucket, and how to reach it.
package struct S3Location: Sendable, Equatable {
    /// Where credentials may come from besides the environment and the shared files, which are always looked at.
    package enum Credentials: String, Sendable, CaseIterable {
        case environment
        case profile
        /// The endpoint that ECS and EKS give their containers.
        case container
        /// The metadata service of a virtual machine.
        case instance
    }

    package var bucket: String
    /// Without slashes around it; empty for the whole bucket.
    package var prefix: String
    /// Nil for AWS itself.
    package var endpoint: String?
    package var region: String?
    package var profile: String?
    /// Whether the bucket stands in the path and not in the host name; nil for the store's own choice.
    package var pathStyle: Bool?
    /// A file with the certificate authorities to trust.
    package var ca: String?
    package var storageClass: String?
    /// How long Object Lock keeps what is written; nil for no lock.
    package var lock: Duration?
    package var credentials: Credentials?
    /// What a prune deletes with; nil for the same as everything else.
    package var deletion: S3Deletion?

    /// Creates a location with everything else left to the environment.
    package init(bucket: String, prefix: String = "") {
        self.bucket = bucket
        self.prefix = prefix
    }

    package var text: String { "s3://\(bucket)" + (prefix.isEmpty ? "" : "/\(prefix)") }
}

/// A folder on a server that speaks SFTP, and whom to trust and be there.
package struct SFTPLocation: Sendable, Equatable {
    package var host: String
    /// Nil for 22.
    package var port: Int?
    /// Nil for the name of the user who runs this.
    package var user: String?
    /// From the server's root, or from the user's home there when it does not begin with `/`.
    package var path: String
    /// `SHA256:…`, or a public key as `known_hosts` has it: the server must show this one and no other.
    package var hostKey: String?
    /// The file that the host key is looked up in; nil for the user's own.
    package var knownHosts: String?
    /// The private key to show; nil for the agent's and the user's usual ones.
    package var identityFile: String?
    /// The environment variable that holds the password, for servers that take no key.
    package var passwordVariable: String?
    /// Whom a prune logs in as to delete; nil for the same as everything else.
    package var deletion: SFTPDeletion?

    /// Creates a location with everything else left to the user's own SSH files.
    package init(host: String, port: Int? = nil, user: String? = nil, path: String) {
        self.host = host
        self.port = port
        self.user = user
        self.path = path
    }

    package var text: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "sftp://" + (user.map { "\($0)@" } ?? "") + name + (port.map { ":\($0)" } ?? "")
            + (path.hasPrefix("/") ? path : "/~/\(path)")
    }
}

/// Other credentials for the same bucket: a profile, or the environment variables that hold a key.
package enum S3Deletion: Sendable, Equatable {
    case profile(String)
    /// The names of the variables, not what is in them.
    case environment(accessKey: String, secretKey: String, sessionToken: String?)
}

/// Another login at the same server.
package struct SFTPDeletion: Sendable, Equatable {
    /// Nil for the same as that of the repository.
    package var user: String?
    package var identityFile: String?
    package var passwordVariable: String?

    /// Creates a login.
    package init(user: String? = nil, identityFile: String? = nil, passwordVariable: String? = nil) {
        self.user = user
        self.identityFile = identityFile
        self.passwordVariable = passwordVariable
    }
}
