import CSSH2
import Glibc

extension SSHSession {
    /// Shows the server one thing after the other until it is content.
    func logIn(_ user: String, _ login: SSHLogin) throws(SecureShellError) {
        guard let methods = try methods(for: user) else { return }
        var offered: [String] = []
        if methods.contains("publickey") {
            if let file = login.identityFile {
                guard access(file, R_OK) == 0 else {
                    throw .file(path: file, reason: String(cString: strerror(errno)))
                }
                offered.append("the key '\(file)'")
                if try showKey(file, user) { return }
            }
            if let socket = login.agentSocket, try showAgentKeys(socket, user, &offered) { return }
            if login.identityFile == nil {
                for file in login.usualFiles where access(file, R_OK) == 0 {
                    offered.append("the key '\(file)'")
                    if try showKey(file, user) { return }
                }
            }
        }
        if let password = login.password, methods.contains("password") {
            offered.append("a password")
            let status = try repeated {
                Int(
                    libssh2_userauth_password_ex(
                        handle,
                        user,
                        UInt32(user.utf8.count),
                        password,
                        UInt32(password.utf8.count),
                        nil
                    )
                )
            }
            if status == 0 { return }
        }
        throw .authentication(
            offered: offered,
            reason: offered.isEmpty ? "the server takes \(methods.joined(separator: ", "))" : lastMessage
        )
    }

    /// What the server takes; nil when it already took nothing at all.
    private func methods(for user: String) throws(SecureShellError) -> [String]? {
        while true {
            if let list = libssh2_userauth_list(handle, user, UInt32(user.utf8.count)) {
                return String(cString: list).split(separator: ",").map(String.init)
            }
            if libssh2_userauth_authenticated(handle) != 0 { return nil }
            guard lastNumber == Int(LIBSSH2_ERROR_EAGAIN) else {
                if lastNumber == Int(LIBSSH2_ERROR_AUTHENTICATION_FAILED) { return [] }
                throw loss(lastMessage)
            }
            try waitForPeer()
        }
    }

    private func showKey(_ file: String, _ user: String) throws(SecureShellError) -> Bool {
        let count = UInt32(user.utf8.count)
        return try repeated { Int(libssh2_userauth_publickey_fromfile_ex(handle, user, count, nil, file, nil)) } == 0
    }

    private func showAgentKeys(
        _ socket: String,
        _ user: String,
        _ offered: inout [String]
    ) throws(SecureShellError) -> Bool {
        guard let agent = libssh2_agent_init(handle) else { return false }
        defer { libssh2_agent_free(agent) }
        libssh2_agent_set_identity_path(agent, socket)
        // An agent that is gone holds no keys; what else there is decides.
        guard libssh2_agent_connect(agent) == 0 else { return false }
        defer { libssh2_agent_disconnect(agent) }
        guard libssh2_agent_list_identities(agent) == 0 else { return false }
        var previous: UnsafeMutablePointer<libssh2_agent_publickey>?
        var identity: UnsafeMutablePointer<libssh2_agent_publickey>?
        while libssh2_agent_get_identity(agent, &identity, previous) == 0, let key = identity {
            let comment = key.pointee.comment.map { String(cString: $0) } ?? ""
            offered.append("the agent's key '\(comment)'")
            if try repeated({ Int(libssh2_agent_userauth(agent, user, key)) }) == 0 { return true }
            previous = key
        }
        return false
    }
}
