import Diagnostics
import Model
import PostgresClient

/// A database as people name it on the command line: a URL, a connection string, or a variable that holds one.
struct SourceText {
    let settings: ConnectionSettings

    /// Reads what was typed; a password in it is refused, because everybody can read the process list.
    ///
    /// `option` is the one that names a variable instead.
    init(typed text: String, orFrom option: String = "--source-env") throws {
        do {
            settings = try ConnectionSettings(text: text, allowPassword: false)
        } catch var error as Diagnostic where error.code == .secretOnCommandLine {
            error.hint =
                "Put the password into PGPASSWORD or .pgpass, or name a variable that holds the whole address with"
                + " \(option)."
            throw error
        } catch var error as Diagnostic where error.code == .settingsInvalid {
            error.code = .usage
            throw error
        }
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
