import Diagnostics
import Streams

/// Runs a program to its end and returns its standard output; throws its last words when it fails or complains.
func output(of program: String, _ arguments: [String], input: String = "") throws -> String {
    let launch = ChildLaunch(program, arguments, environment: ["PATH": "/usr/bin:/bin"])
    let outcome = try ChildProcess.run(launch, input: Array(input.utf8))
    guard outcome.ending.isSuccess, outcome.standardError.isEmpty else {
        throw Diagnostic(.internalError, "'\(program)' failed", cause: outcome.message)
    }
    return String(decoding: outcome.standardOutput, as: UTF8.self)
}
