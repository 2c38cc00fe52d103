/// A type that one word of a command line can be read into.
package protocol ArgumentValue: Sendable {
    /// Reads a word; nil when it is not a value of this type.
    init?(argument: String)
    /// The word that would be read back into this value; shown as the default in help. Empty shows no default.
    var argument: String { get }
    /// All the words there are, when they can be listed.
    static var allowed: [String] { get }
    /// What a word must look like, for the hint after a bad one: `a whole number`.
    static var expected: String { get }
    /// Whether leaving the argument out is a value of its own.
    static var admitsAbsence: Bool { get }
}

extension ArgumentValue {
    package static var allowed: [String] { [] }
    package static var expected: String {
        allowed.isEmpty ? "a value" : "one of: " + allowed.joined(separator: ", ")
    }
    package static var admitsAbsence: Bool { false }
}

extension ArgumentValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    package init?(argument: String) { self.init(rawValue: argument) }
    package var argument: String { rawValue }
    package static var allowed: [String] { allCases.map(\.rawValue) }
}

extension String: ArgumentValue {
    package init?(argument: String) { self = argument }
    package var argument: String { self }
    package static var expected: String { "a text" }
}

extension Int: ArgumentValue {
    package init?(argument: String) { self.init(argument) }
    package var argument: String { String(self) }
    package static var expected: String { "a whole number" }
}

extension Double: ArgumentValue {
    package init?(argument: String) {
        guard let number = Double(argument), number.isFinite else { return nil }
        self = number
    }
    package var argument: String { description }
    package static var expected: String { "a number" }
}

extension Optional: ArgumentValue where Wrapped: ArgumentValue {
    package init?(argument: String) {
        guard let wrapped = Wrapped(argument: argument) else { return nil }
        self = .some(wrapped)
    }
    package var argument: String { self?.argument ?? "" }
    package static var allowed: [String] { Wrapped.allowed }
    package static var expected: String { Wrapped.expected }
    package static var admitsAbsence: Bool { true }
}
