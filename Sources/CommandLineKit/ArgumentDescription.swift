/// What a shell offers for an argument's value.
package enum ValueCompletion: Sendable, Equatable {
    case nothing
    case files
    case directories
    case words([String])
}

/// Everything there is to know about one argument except where its value is stored.
///
/// Parser, help, completions and the dump all read this and nothing else, so that they cannot disagree.
package struct ArgumentDescription: Sendable, Equatable {
    /// How an argument is written.
    package enum Shape: String, Sendable {
        case flag
        case option
        case positional
    }

    /// `--jobs`, `-j`; empty for a positional.
    package var names: [String]
    package var shape: Shape
    /// The placeholder in help, in capitals, such as `COUNT`; empty for a flag.
    package var valueName: String
    package var isRequired: Bool
    package var isRepeated: Bool
    package var help: String
    /// The heading in help under which it stands.
    package var section: String
    package var allowed: [String]
    package var expected: String
    package var completion: ValueCompletion
    /// The value that stands when nothing is given; filled in from a fresh command.
    package var defaultValue = ""

    /// How messages call it: `option '--jobs'`, `argument POINT`.
    var spoken: String { shape == .positional ? "argument \(valueName)" : "option '\(longName)'" }

    /// The first long name, or the only name, or the placeholder.
    package var longName: String { names.first { $0.hasPrefix("--") } ?? names.first ?? valueName }

    /// Whether a word must follow it.
    package var takesValue: Bool { shape == .option }
}

extension ArgumentDescription {
    /// The option that every command has.
    static let help = ArgumentDescription(
        names: ["--help", "-h"],
        shape: .flag,
        valueName: "",
        isRequired: false,
        isRepeated: false,
        help: "Show this help",
        section: "Options",
        allowed: [],
        expected: "",
        completion: .nothing
    )
}
