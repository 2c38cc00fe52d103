/// One verb of the tool: stored properties with their defaults, a table that fills them, and what to do.
///
/// `Context` is whatever the tool hands its commands: the kit never looks into it.
package protocol Command<Context>: Sendable {
    associatedtype Context: Sendable

    /// Creates the command with every default in place.
    init()
    /// The verb, or the words of a nested one: `backup`, `repo init`.
    static var name: String { get }
    /// One line for lists: an imperative without a full stop.
    static var summary: String { get }
    /// What a reader of the help page must know; paragraphs parted by an empty line.
    static var discussion: String { get }
    static var examples: [CommandExample] { get }
    static var exitStatuses: [CommandExitStatus] { get }
    static var arguments: [Argument<Self>] { get }
    /// Does the work.
    func run(in context: Context) async throws
}

extension Command {
    package static var discussion: String { "" }
}

/// A command line worth copying, and what it is for.
package struct CommandExample: Sendable, Equatable {
    package var purpose: String
    package var line: String

    /// Creates an example; `line` is the whole command line, the tool's name included.
    package init(_ purpose: String, _ line: String) {
        self.purpose = purpose
        self.line = line
    }
}

/// A status a command can end with, and when it does.
package struct CommandExitStatus: Sendable, Equatable {
    package var status: Int32
    package var meaning: String

    /// Creates a row of the help page's table.
    package init(_ status: Int32, _ meaning: String) {
        self.status = status
        self.meaning = meaning
    }
}
