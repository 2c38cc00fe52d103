import Diagnostics
import Model
import PostgresClient

/// A database as people name it on the command line: a URL, a connection string, or a variable that holds one.
struct SourceText {
    let settings: ConnectionSettings

    /// Reads what was typed; a password in it is refused, because everybody can read the process list.
    init(typed text: String) throws {
        settings = try ConnectionSettings(text: text, allowPassword: false)
    }

    /// Reads an environment variable, where a password may stand.
    init(variable: String, in context: CommandContext) throws {
        guard let text = context.environment[variable], !text.isEmpty else {
            throw Diagnostic(
                .settingsMissing,
                "the environment variable '\(variable)' is not set",
                hint: "Export it with the database's URL, or name another variable."
            )
        }
        settings = try ConnectionSettings(text: text, allowPassword: true)
    }

    /// Whether a word on the command line is a database and not the name of a plan.
    static func isSource(_ word: String) -> Bool { word.contains("://") || word.contains("=") }
}
