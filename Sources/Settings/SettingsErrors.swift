package import Diagnostics

/// Everything that is wrong with the settings, in the order of the files.
package struct SettingsErrors: Error, Sendable, Equatable {
    /// At least one.
    package let diagnostics: [Diagnostic]

    init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    init(_ problems: [SettingsProblem], in path: String) {
        diagnostics = problems.sorted { $0.position < $1.position }.map { $0.diagnostic(in: path) }
    }
}

extension SettingsProblem {
    /// The problem as people read it: `unknown key 'retenton' in lifeboat.json:12:7`.
    package func diagnostic(in path: String) -> Diagnostic {
        Diagnostic(
            .settingsInvalid,
            redacted("\(message) in \(path):\(position)"),
            hint: hint.map(redacted),
            context: ["file": path, "line": String(position.line), "column": String(position.column)]
        )
    }
}
