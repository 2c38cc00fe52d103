package import CommandLineKit
package import Model
package import Terminal

/// How a command speaks.
package struct OutputOptions: Sendable {
    package var format = OutputFormat.text
    package var quiet = false
    package var verbose = false

    static let arguments: [Argument<Self>] = [
        .option("--format", value: "FORMAT", to: \.format, help: "How to print the answer: text or json"),
        .flag("--quiet", "-q", to: \.quiet, help: "Print the answer and nothing else"),
        .flag("--verbose", "-v", to: \.verbose, help: "Add details to errors"),
    ]
}

extension OutputFormat: ArgumentValue {}

extension ByteRate: ArgumentValue {
    package init?(argument: String) {
        guard let rate = try? ByteRate(human: argument) else { return nil }
        self = rate
    }
    package var argument: String { description }
    package static var expected: String { "a rate, such as 20MB/s" }
}

/// How progress is shown.
package struct ProgressOptions: Sendable {
    package var progress = ProgressChoice.auto

    static let arguments: [Argument<Self>] = [
        .option("--progress", value: "MODE", to: \.progress, help: "Show progress as auto, plain, json or none")
    ]
}

extension ProgressChoice: ArgumentValue {}

/// A command of this program: it says how it speaks, so that errors speak the same way.
package protocol LifeboatCommand: Command where Context == CommandContext {
    var output: OutputOptions { get }
}
