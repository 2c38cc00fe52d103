/// A command as the tree holds it: its texts, its arguments, and a way to read a command line into it.
package struct CommandEntry<Context: Sendable>: Sendable {
    package let name: String
    package let summary: String
    package let discussion: String
    package let examples: [CommandExample]
    package let exitStatuses: [CommandExitStatus]
    /// The table in its order, with defaults; `--help` is not in it.
    package let arguments: [ArgumentDescription]
    private let read: @Sendable ([ArgumentAssignment]) throws(UsageError) -> any Command<Context>

    /// Creates the entry of a command type.
    package init<C: Command>(_ type: C.Type) where C.Context == Context {
        name = C.name
        summary = C.summary
        discussion = C.discussion
        examples = C.examples
        exitStatuses = C.exitStatuses
        let fresh = C()
        arguments = C.arguments.map { argument in
            var description = argument.description
            description.defaultValue = argument.defaultValue(fresh)
            return description
        }
        read = { (assignments: [ArgumentAssignment]) throws(UsageError) -> any Command<Context> in
            var command = C()
            let table = C.arguments
            for assignment in assignments {
                let argument = table[assignment.index]
                guard argument.store(&command, assignment.value) else {
                    throw invalidValue(assignment, argument.description)
                }
            }
            return command
        }
    }

    /// Reads the words after the verb.
    package func parse(_ words: some Sequence<String>) throws(UsageError) -> any Command<Context> {
        try read(ArgumentScan(arguments: arguments, command: name).assignments(Array(words)))
    }

    /// The words of the name: one for a verb, two for a nested one.
    package var path: [String] { name.split(separator: " ").map(String.init) }
}

private func invalidValue(_ assignment: ArgumentAssignment, _ argument: ArgumentDescription) -> UsageError {
    let place = argument.shape == .positional ? argument.valueName : "'\(assignment.spelled)'"
    return UsageError(
        "'\(assignment.value)' is not a valid value for \(place)",
        cause: "it takes \(argument.expected)",
        hint: Suggestion.nearest(to: assignment.value, in: argument.allowed).map { "did you mean '\($0)'?" }
    )
}
