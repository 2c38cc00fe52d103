import Diagnostics
import Glibc
import Policy
import Settings
import TestSupport
import Testing

@Suite("Schemas, retention file and reader agree")
struct SettingsSchemaTests {
    @Test("the schemas in docs are the ones that the reader's table gives")
    func documents() throws {
        for (name, schema) in [("lifeboat", SettingsSchema.settings), ("retention", SettingsSchema.retention)] {
            let path = "docs/\(name).schema.json"
            // One switch renews the files: LIFEBOAT_RENEW=1 swift test --filter SettingsSchemaTests
            if getenv("LIFEBOAT_RENEW") != nil { try write(schema, to: path) }
            #expect(try text(of: path) == schema, "\(path) is old; renew it with LIFEBOAT_RENEW=1")
        }
    }

    @Test("the schema knows exactly the keys that the reader accepts, at every depth")
    func keys() throws {
        let root = try JSON5Parser.parse(Array(try text(of: "docs/lifeboat.schema.json").utf8))
        #expect(properties(of: root, path: "") == keys(of: .object(.settings), path: ""))
        let retention = try JSON5Parser.parse(Array(try text(of: "docs/retention.schema.json").utf8))
        let expected = keys(of: SettingsShape.retentionFile, path: "").union([".$schema"])
        #expect(properties(of: retention, path: "") == expected)
    }

    @Test("the retention file that is shipped says what the built-in policies say")
    func retention() throws {
        let shipped = try RetentionPolicies.parse(Array(try text(of: "retention.json").utf8), path: "retention.json")
        #expect(shipped.names == RetentionPolicies.builtIn.names)
        #expect(shipped.names == ["daily-30d-weekly", "daily-7d", "gfs", "hourly-48h", "nightly-30d"])
        for name in shipped.names { #expect(shipped[name] == RetentionPolicies.builtIn[name], "\(name)") }
    }

    @Test("a retention file beside the settings adds policies and wins over the built-in ones")
    func besides() throws {
        try withScratchFolder { folder in
            try write(
                "{ gfs: { keep: { last: 3 } }, mine: { keep: { within: '2d' } } }",
                to: "\(folder)/retention.json"
            )
            try write(
                "{ repositories: { a: { path: 'r' } }, plans: { p: { source: { env: 'X' }, retention: 'mine' } } }",
                to: "\(folder)/lifeboat.json"
            )
            let settings = try Settings.load("\(folder)/lifeboat.json")
            #expect(settings.plan("p")?.retention == RetentionPolicy(keep: .init(within: .seconds(172_800))))
            #expect(settings.retention["gfs"] == RetentionPolicy(keep: .init(last: 3)))
            #expect(settings.retention["daily-7d"] != nil)
            #expect(settings.repository("a")?.location == .folder("\(folder)/r"))

            try write("{ gfs: { keep: { daly: 3 } } }", to: "\(folder)/retention.json")
            let errors = try #require(throws: SettingsErrors.self) { try Settings.load("\(folder)/lifeboat.json") }
            #expect(
                errors.diagnostics[0].lines() == [
                    "error: unknown key 'daly' in \(folder)/retention.json:1:18", "hint: did you mean 'daily'?",
                ]
            )
        }
    }

    @Test("a file that is not there is its own error")
    func missing() throws {
        let errors = try #require(throws: SettingsErrors.self) { try Settings.load("/nonexistent/lifeboat.json") }
        #expect(errors.diagnostics.map(\.code) == [.settingsMissing])
    }

    /// Every path of property names in a schema.
    private func properties(of node: SettingsNode, path: String) -> Set<String> {
        guard case .object(let members) = node.value else { return [] }
        var found: Set<String> = []
        for member in members {
            switch (member.key, member.value.value) {
            case ("properties", .object(let properties)):
                for property in properties {
                    found.insert("\(path).\(property.key)")
                    found.formUnion(self.properties(of: property.value, path: "\(path).\(property.key)"))
                }
            case ("additionalProperties", .object): found.formUnion(properties(of: member.value, path: path + ".*"))
            case ("items", .object): found.formUnion(properties(of: member.value, path: path + "[]"))
            case ("oneOf", .array(let choices)):
                for choice in choices { found.formUnion(properties(of: choice, path: path)) }
            default: break
            }
        }
        return found
    }

    /// Every path of keys that the reader accepts.
    private func keys(of kind: SettingsShape.Kind, path: String) -> Set<String> {
        switch kind {
        case .object(let shape):
            shape.keys.reduce(into: []) { found, key in
                found.insert("\(path).\(key.name)")
                found.formUnion(keys(of: key.kind, path: "\(path).\(key.name)"))
            }
        case .named(let element): keys(of: element, path: path + ".*")
        case .list(let element): keys(of: element, path: path + "[]")
        case .either(let kinds): kinds.reduce(into: []) { $0.formUnion(keys(of: $1, path: path)) }
        default: []
        }
    }

    private func text(of path: String) throws -> String {
        let file = try #require(fopen(path, "r"), "\(path) cannot be read from the package's folder")
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"), "\(path) cannot be written")
        defer { fclose(file) }
        let bytes = Array(text.utf8)
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }
}
