/// One argument of a command: how it is written, and the stored property it fills.
///
/// A command's table of these is declared once and feeds the parser, the help pages, the completions and the dump.
/// There is no reflection behind it: a command is an ordinary struct that tests can fill by hand.
package struct Argument<Root: Sendable>: Sendable {
    package var description: ArgumentDescription
    /// Reads a word into the command; false when it is not a valid value.
    let store: @Sendable (inout Root, String) -> Bool
    let defaultValue: @Sendable (Root) -> String

    /// A switch without a value; `setting` is what giving it stores, so that `--no-fsync` can store false.
    package static func flag(
        _ names: String...,
        to path: any WritableKeyPath<Root, Bool> & Sendable,
        setting: Bool = true,
        help: String
    ) -> Self {
        Self(
            description: ArgumentDescription(
                names: names,
                shape: .flag,
                valueName: "",
                isRequired: false,
                isRepeated: false,
                help: help,
                section: "Options",
                allowed: [],
                expected: "",
                completion: .nothing
            ),
            store: { root, _ in
                root[keyPath: path] = setting
                return true
            },
            defaultValue: { _ in "" }
        )
    }

    /// An option with one value, given at most once.
    package static func option<Value: ArgumentValue>(
        _ names: String...,
        value: String,
        to path: any WritableKeyPath<Root, Value> & Sendable,
        required: Bool = false,
        completion: ValueCompletion = .nothing,
        help: String
    ) -> Self {
        single(names, .option, value, to: path, required, completion, help)
    }

    /// An option with one value inside a range, given at most once.
    package static func option<Value: ArgumentValue & Comparable>(
        _ names: String...,
        value: String,
        to path: any WritableKeyPath<Root, Value> & Sendable,
        in range: ClosedRange<Value>,
        required: Bool = false,
        help: String
    ) -> Self {
        var argument = single(names, .option, value, to: path, required, .nothing, help)
        argument.description.expected += " from \(range.lowerBound.argument) to \(range.upperBound.argument)"
        return argument.storing { root, text in
            guard let value = Value(argument: text), range.contains(value) else { return false }
            root[keyPath: path] = value
            return true
        }
    }

    /// An option with one value inside a range, given at most once, absent by default.
    package static func option<Value: ArgumentValue & Comparable>(
        _ names: String...,
        value: String,
        to path: any WritableKeyPath<Root, Value?> & Sendable,
        in range: ClosedRange<Value>,
        required: Bool = false,
        help: String
    ) -> Self {
        var argument = single(names, .option, value, to: path, required, .nothing, help)
        argument.description.expected += " from \(range.lowerBound.argument) to \(range.upperBound.argument)"
        return argument.storing { root, text in
            guard let value = Value(argument: text), range.contains(value) else { return false }
            root[keyPath: path] = value
            return true
        }
    }

    /// An option that may be given many times; the values are kept in their order.
    package static func options<Value: ArgumentValue>(
        _ names: String...,
        value: String,
        to path: any WritableKeyPath<Root, [Value]> & Sendable,
        required: Bool = false,
        completion: ValueCompletion = .nothing,
        help: String
    ) -> Self {
        many(names, .option, value, to: path, required, completion, help)
    }

    /// A word by its place; required unless the property is optional or `required` says otherwise.
    package static func positional<Value: ArgumentValue>(
        _ value: String,
        to path: any WritableKeyPath<Root, Value> & Sendable,
        required: Bool? = nil,
        completion: ValueCompletion = .nothing,
        help: String
    ) -> Self {
        single([], .positional, value, to: path, required ?? !Value.admitsAbsence, completion, help)
    }

    /// All the remaining words; must be the last positional.
    package static func positionals<Value: ArgumentValue>(
        _ value: String,
        to path: any WritableKeyPath<Root, [Value]> & Sendable,
        required: Bool = false,
        completion: ValueCompletion = .nothing,
        help: String
    ) -> Self {
        many([], .positional, value, to: path, required, completion, help)
    }

    /// The same argument for a command that holds `Root` as a stored property.
    package func lifted<Outer: Sendable>(
        _ path: any WritableKeyPath<Outer, Root> & Sendable,
        under section: String? = nil
    ) -> Argument<Outer> {
        var described = description
        if let section { described.section = section }
        return Argument<Outer>(
            description: described,
            store: { store(&$0[keyPath: path], $1) },
            defaultValue: { defaultValue($0[keyPath: path]) }
        )
    }
}

extension Argument {
    private static func single<Value: ArgumentValue>(
        _ names: [String],
        _ shape: ArgumentDescription.Shape,
        _ value: String,
        to path: any WritableKeyPath<Root, Value> & Sendable,
        _ required: Bool,
        _ completion: ValueCompletion,
        _ help: String
    ) -> Self {
        Self(
            description: describe(names, shape, value, Value.self, required, false, completion, help),
            store: { root, text in
                guard let value = Value(argument: text) else { return false }
                root[keyPath: path] = value
                return true
            },
            defaultValue: { required ? "" : $0[keyPath: path].argument }
        )
    }

    private static func many<Value: ArgumentValue>(
        _ names: [String],
        _ shape: ArgumentDescription.Shape,
        _ value: String,
        to path: any WritableKeyPath<Root, [Value]> & Sendable,
        _ required: Bool,
        _ completion: ValueCompletion,
        _ help: String
    ) -> Self {
        Self(
            description: describe(names, shape, value, Value.self, required, true, completion, help),
            store: { root, text in
                guard let value = Value(argument: text) else { return false }
                root[keyPath: path].append(value)
                return true
            },
            defaultValue: { $0[keyPath: path].map(\.argument).joined(separator: ", ") }
        )
    }

    private static func describe<Value: ArgumentValue>(
        _ names: [String],
        _ shape: ArgumentDescription.Shape,
        _ value: String,
        _ type: Value.Type,
        _ required: Bool,
        _ repeated: Bool,
        _ completion: ValueCompletion,
        _ help: String
    ) -> ArgumentDescription {
        ArgumentDescription(
            names: names,
            shape: shape,
            valueName: value,
            isRequired: required,
            isRepeated: repeated,
            help: help,
            section: shape == .positional ? "Arguments" : "Options",
            allowed: type.allowed,
            expected: type.expected,
            completion: completion == .nothing && !type.allowed.isEmpty ? .words(type.allowed) : completion
        )
    }

    private func storing(_ store: @escaping @Sendable (inout Root, String) -> Bool) -> Self {
        Self(description: description, store: store, defaultValue: defaultValue)
    }
}

extension Array {
    /// A group of arguments for a command that holds the group as a stored property, under a heading of its own.
    package func lifted<Root, Outer>(
        _ path: any WritableKeyPath<Outer, Root> & Sendable,
        under section: String? = nil
    ) -> [Argument<Outer>] where Element == Argument<Root> {
        map { $0.lifted(path, under: section) }
    }
}
