/// A reader of bytes from outside: it may refuse anything, and must neither crash nor break what it promises.
package struct FuzzTarget: Sendable {
    package let name: String
    /// Valid inputs to begin from.
    package let seeds: [[UInt8]]
    /// Pieces of the grammar, so that a mutation gets past the first check.
    package let words: [String]
    /// Reads `input`; throws a `FuzzFinding` when a property does not hold, and nothing else.
    package let run: @Sendable (_ input: [UInt8]) throws -> Void

    init(_ name: String, seeds: [[UInt8]], words: [String], run: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.name = name
        self.seeds = seeds
        self.words = words
        self.run = run
    }

    init(_ name: String, texts: [String], words: [String], run: @escaping @Sendable (String) throws -> Void) {
        self.init(name, seeds: texts.map { Array($0.utf8) }, words: words) { bytes in
            try run(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// Every target.
    package static func all() throws -> [FuzzTarget] {
        try encryption() + stored() + answers() + containers() + settings() + names()
    }
}

/// A property that does not hold for some input.
package struct FuzzFinding: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Throws a finding unless `condition` holds.
func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
    guard condition else { throw FuzzFinding(text()) }
}
