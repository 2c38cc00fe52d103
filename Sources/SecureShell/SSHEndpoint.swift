/// A server, a user there, and how long to wait for either.
package struct SSHEndpoint: Sendable, Equatable {
    package var host: String
    package var port: Int
    package var user: String
    /// How long each address of the host may take to answer.
    package var connectPatience = Duration.seconds(15)
    /// How long a connection may be silent while an answer is due.
    package var silencePatience = Duration.seconds(60)

    /// Creates an endpoint with the usual patience.
    package init(host: String, port: Int = 22, user: String) {
        self.host = host
        self.port = port
        self.user = user
    }

    /// The name under which `known_hosts` files keep the host.
    var knownName: String { port == 22 ? host : "[\(host)]:\(port)" }
}

/// What to show a server as proof of who one is, in this order: the file, the agent's keys, the usual files, the password.
package struct SSHLogin: Sendable {
    package var identityFile: String?
    /// The agent's socket.
    package var agentSocket: String?
    /// Private keys to try where no identity file is named; those that do not exist are passed over.
    package var usualFiles: [String]
    package var password: String?

    /// Creates a login.
    package init(
        identityFile: String? = nil,
        agentSocket: String? = nil,
        usualFiles: [String] = [],
        password: String? = nil
    ) {
        self.identityFile = identityFile
        self.agentSocket = agentSocket
        self.usualFiles = usualFiles
        self.password = password
    }
}
