import Glibc

/// A network of a child's own, in which there is nothing: no interface that is up, not even the loopback.
///
/// Whatever runs in it can neither call anybody over TCP or UDP nor be called, not on this machine either. Unix sockets
/// that lie in a folder stay within reach, ours as well as others'.
package enum EmptyNetwork: Sendable, Equatable {
    /// As root, who may make one without further ado.
    case asRoot
    /// Inside a user namespace, as anybody where the kernel's settings let them.
    case asAnybody

    /// Why there can be no such network here, in the system's own words.
    package struct Refusal: Error, Equatable {
        package let reason: String
    }

    /// The first way that works here for a child that runs as `user` (nil: as ourselves); tries each with `/bin/true`.
    ///
    /// Containers and hardened kernels often allow neither.
    package static func find(for user: String?, tool: String = tool) throws(Refusal) -> EmptyNetwork {
        guard access(tool, X_OK) == 0 else {
            throw Refusal(reason: "the program '\(tool)' (package util-linux) is missing")
        }
        var reason = ""
        for way in geteuid() == 0 ? [asRoot, asAnybody] : [asAnybody] {
            do {
                let launch = ChildLaunch("/bin/true", user: user, network: way)
                let outcome = try ChildProcess.run(launch)
                if outcome.ending.isSuccess { return way }
                if reason.isEmpty { reason = outcome.message.trimmingSuffix { $0.isNewline } }
            } catch {
                reason = "\(error)"
            }
        }
        throw Refusal(reason: reason)
    }

    /// Whether a process has another network than we: asked of the kernel, once it runs.
    package static func isAnother(of process: Int32) -> Bool {
        guard let theirs = network(of: "\(process)"), let ours = network(of: "self") else { return false }
        return theirs != ours
    }

    private static func network(of process: String) -> [UInt8]? {
        var target = [UInt8](repeating: 0, count: 64)
        let length = readlink("/proc/\(process)/ns/net", &target, target.count)
        return length > 0 ? Array(target[..<length]) : nil
    }

    /// util-linux's, which replaces itself with the program that it starts.
    package static let tool = "/usr/bin/unshare"

    /// The words before the command line that is to run in there.
    var words: [String] {
        switch self {
        case .asRoot: [Self.tool, "--net", "--"]
        // Under its own number: a server refuses to run as root, also as a root in name only.
        case .asAnybody: [Self.tool, "--user", "--map-current-user", "--net", "--"]
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ isUnwanted: (Character) -> Bool) -> String {
        guard let last = lastIndex(where: { !isUnwanted($0) }) else { return "" }
        return String(self[...last])
    }
}
