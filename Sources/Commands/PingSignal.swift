import Diagnostics
import Glibc
import Streams
import Terminal

/// Tells a watching service that a scheduled run has ended: it calls the plan's ping URL, with `/fail` after a failure.
///
/// The service raises the alarm when no call comes, so a run that was killed, or never started, is noticed too. A call
/// that fails is a warning and never fails the run. The URL is a token of its own: it goes to `curl` through its
/// standard input, never through an argument that every user of the machine can read.
struct PingSignal: Sendable {
    let url: String?
    /// Where proxies and certificates are looked up.
    var environment: [String: String] = [:]

    /// The words after which curl looks by itself.
    private static let inherited = [
        "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE",
        "SSL_CERT_DIR", "CURL_CA_BUNDLE",
    ]

    /// Where curl is; nil when it is not installed.
    static func program() -> String? {
        let folders = (ChildLaunch.plainEnvironment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/curl" }.first { access($0, X_OK) == 0 }
    }

    /// Calls the URL, if there is one, and blocks for a minute at most; what went wrong is for the caller to show.
    func send(isSuccess: Bool) -> Diagnostic? {
        guard let url else { return nil }
        guard let program = Self.program() else { return Self.missingProgram }
        let target = isSuccess ? url : Self.failing(url)
        var launch = ChildLaunch(program, ["--disable", "--config", "-"])
        for name in Self.inherited { launch.environment[name] = environment[name] }
        do {
            let outcome = try ChildProcess.run(launch, input: Array(Self.configuration(target).utf8), limit: 4096)
            guard !outcome.ending.isSuccess else { return nil }
            return Self.failure(outcome.message.replacing(target, with: "the URL"))
        } catch {
            return Self.failure(diagnostic(for: error).summary)
        }
    }

    /// What a plan with a ping URL lacks on a machine without curl.
    static let missingProgram = Diagnostic(
        .notificationFailed,
        "cannot call the ping URL",
        cause: "the program 'curl' is not installed",
        hint: "Install the package 'curl'."
    )

    private static func failure(_ message: String) -> Diagnostic {
        Diagnostic(
            .notificationFailed,
            "the ping URL could not be called",
            cause: redacted(message.isEmpty ? "curl failed and gave no reason" : message),
            hint: "Check 'notifications.ping' of the plan and the network.",
            retry: .later
        )
    }

    /// `/fail` belongs to the path, before a query.
    static func failing(_ url: String) -> String {
        let end = url.firstIndex { $0 == "?" || $0 == "#" } ?? url.endIndex
        let path = url[..<end]
        return path + (path.hasSuffix("/") ? "fail" : "/fail") + url[end...]
    }

    private static func configuration(_ url: String) -> String {
        let quoted = url.replacingEach("\\", with: "\\\\").replacingEach("\"", with: "\\\"")
        return """
            url = "\(quoted)"
            globoff
            fail
            silent
            show-error
            location
            proto = "=http,https"
            connect-timeout = 10
            max-time = 20
            retry = 2
            retry-max-time = 30
            output = "/dev/null"

            """
    }
}

extension PingSignal {
    /// Calls the URL from an engine thread and warns when that fails; it never fails the run.
    func send(_ isSuccess: Bool, on console: Console, in context: CommandContext) async throws {
        guard url != nil else { return }
        if let problem = try await onEngineThread(Stop(), { send(isSuccess: isSuccess) }) { console.warn(problem) }
    }
}
