import Diagnostics
import PostgresClient
import Settings
import Streams

/// Runs an engine on a thread of its own and turns whatever it throws into a diagnostic.
func onEngineThread<Value: Sendable>(
    _ stop: Stop,
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    do {
        return try await onDedicatedThread(body)
    } catch {
        // A restore says itself what an interruption left behind.
        if let known = error as? Diagnostic, known.code == .interrupted { throw known }
        throw diagnostic(for: stop.error ?? error)
    }
}

/// The diagnostic for an error that an engine let through.
func diagnostic(for error: any Error) -> Diagnostic {
    switch error {
    case let diagnostic as Diagnostic: diagnostic
    case let error as PostgresError where error.phase == .connecting:
        error.diagnostic(while: "cannot connect to the database")
    case let error as PostgresError: error.diagnostic(while: "the server refused a statement")
    case let errors as SettingsErrors: errors.diagnostics.first ?? .interrupted
    case is Stopped: .interrupted
    default: Diagnostic(.internalError, "something unexpected happened", cause: redacted("\(error)"))
    }
}

extension Diagnostic {
    /// Ctrl-C, or the end of the machine.
    static let interrupted = Diagnostic(
        .interrupted,
        "interrupted",
        cause: "a signal asked for the end",
        hint: "Run it again: what was not finished left nothing behind."
    )
}
