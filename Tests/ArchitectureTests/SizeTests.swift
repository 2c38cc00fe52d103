import Testing

@Suite("Nothing outgrows its room")
struct SizeTests {
    @Test("a file stays under 500 lines")
    func files() {
        for file in SourceTree.files(below: "Sources") + SourceTree.files(below: "Tests") {
            #expect(file.lines.count <= 500, "\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test("a function stays under 60 lines")
    func functions() {
        for file in SourceTree.files(below: "Sources") {
            for (name, length) in file.functionLengths where length > 60 {
                Issue.record("\(file.path): \(name) has \(length) lines")
            }
        }
    }

    @Test("no drawer of odds and ends")
    func names() {
        let drawers = ["Util", "Helper", "Manager", "Common", "Misc"]
        for file in SourceTree.files(below: "Sources") {
            for drawer in drawers { #expect(!file.path.contains(drawer), "\(file.path)") }
        }
    }

    @Test("unchecked promises give their reason beside them")
    func uncheckedPromises() {
        for file in SourceTree.files(below: "Sources") {
            let lines = file.lines
            for (number, line) in lines.enumerated()
            where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
                guard !line.trimmingPrefix(while: { $0 == " " }).hasPrefix("//") else { continue }
                let before = lines[max(0, number - 6)..<number].joined()
                #expect(before.contains("//"), "\(file.path):\(number + 1) gives no reason")
            }
        }
    }
}

extension SourceTree.File {
    /// Each function with its length, found by indentation: a body ends at the brace in the column where it began.
    fileprivate var functionLengths: [(name: String, length: Int)] {
        var found: [(name: String, length: Int)] = []
        var open: (name: String, indent: Int, line: Int)?
        for (number, line) in lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            if let current = open {
                if indent == current.indent, line.dropFirst(indent).hasPrefix("}") {
                    found.append((current.name, number - current.line + 1))
                    open = nil
                }
            } else if let match = line.firstMatch(of: /\b(?:func ([^\s(<]+)|(init)[?(<])/),
                !line.trimmingPrefix(while: { $0 == " " }).hasPrefix("//"), !line.hasSuffix("}")
            {
                open = (String(match.1 ?? match.2 ?? ""), indent, number)
            }
        }
        return found
    }
}
