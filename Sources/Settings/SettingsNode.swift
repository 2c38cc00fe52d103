/// A place in a file: both count from 1, columns in letters.
package struct SettingsPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var line: Int
    package var column: Int

    /// `12:7`, as editors and compilers write it.
    package var description: String { "\(line):\(column)" }

    package static func < (a: SettingsPosition, b: SettingsPosition) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// A value of a settings file and where it stands.
package struct SettingsNode: Sendable, Equatable {
    package indirect enum Value: Sendable, Equatable {
        case null
        case bool(Bool)
        case number(Double)
        case string(String)
        case array([SettingsNode])
        /// In the order of the file; a key may stand there twice, which is for the reader to refuse.
        case object([Member])
    }

    package struct Member: Sendable, Equatable {
        package var key: String
        package var keyPosition: SettingsPosition
        package var value: SettingsNode
    }

    package var value: Value
    package var position: SettingsPosition

    /// What kind of value it is, for messages.
    package var kind: String {
        switch value {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

/// Something wrong at a place of a settings file.
package struct SettingsProblem: Error, Sendable, Equatable {
    /// Starts in lower case, quotes what was found, and does not name the place.
    package var message: String
    package var hint: String?
    package var position: SettingsPosition
}
