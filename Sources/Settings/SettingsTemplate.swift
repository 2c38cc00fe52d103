/// The `lifeboat.json` that `init` writes: small, commented, and valid as it stands.
package struct SettingsTemplate: Sendable {
    package var plan: String
    package var source: PlanSettings.Source
    package var repository: RepositoryLocation
    package var timeZone: String

    /// Creates a template; the texts are quoted where they need it.
    package init(plan: String, source: PlanSettings.Source, repository: RepositoryLocation, timeZone: String = "UTC") {
        self.plan = plan
        self.source = source
        self.repository = repository
        self.timeZone = timeZone
    }

    /// The file's text.
    package var text: String {
        """
        // Settings of Lifeboat. This file is JSON5: comments and trailing commas are welcome.
        // It holds no passwords: they belong into a password file, or into the variable that a source names with `env`.
        {
          // Where recovery points are kept. Paths are relative to this file.
          repositories: {
            \(repositoryName): { \(repositoryText) },
          },

          // Where drills restore to: a private PostgreSQL that lives in a temporary folder for as long as the drill.
          scratch: { here: "ephemeral" },

          plans: {
            \(quoted(plan)): {
              source: \(sourceText),

              // Tables whose rows are not worth keeping; their definitions are kept.
              // exclude: ["public.sessions", "audit.*"],

              // `lifeboat schedule` prints the next runs, and units for systemd and cron.
              schedule: {
                backup: "0 2 * * *",
                drill: "0 4 1 * *", // on a machine that holds 'operator.identity'
                prune: "0 5 * * *", // does what 'lifeboat prune' shows; leave it out to keep every point
                verify: "0 6 * * 0", // reads a part back each time, and everything within 30 days
                timezone: \(quoted(timeZone)),
              },

              // What you promised: how long a recovery may take, how much may be lost, how often it is rehearsed.
              objectives: { rto: "2h", rpo: "26h", drillEvery: "32d", copies: 1 },

              repositories: [\(quoted(repositoryName))],
              retention: "nightly-30d",

              // Questions that every restored copy must answer with true.
              // assertions: [{ name: "fresh orders", sql: "select max(placed) > now() - interval '2 days' from orders" }],
            },
          },
        }

        """
    }

    /// The place's name: it is never shown without its place.
    private var repositoryName: String {
        if case .folder = repository { "local" } else { "remote" }
    }

    private var repositoryText: String {
        switch repository {
        case .folder(let path): "path: \(quoted(path))"
        case .s3(let location): "s3: \(quoted(location.text))"
        case .sftp(let location): "sftp: \(quoted(location.text))"
        }
    }

    private var sourceText: String {
        switch source {
        case .connection(let text): "{ postgres: \(quoted(text)) }"
        case .environment(let variable): "{ env: \(quoted(variable)) }"
        }
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.isLineEnd:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
