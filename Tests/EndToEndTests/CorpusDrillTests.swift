import Glibc
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("The corpus of definitions, through the whole program")
struct CorpusDrillTests {
    /// To later majors in an ordinary run; from and to every major at hand in a campaign.
    private static let ways: [(source: PostgresMajor, targets: [PostgresMajor])] =
        getenv("LIFEBOAT_CAMPAIGN") == nil
        ? [(.v15, [.v16, .v18])] : [(.v15, [.v15, .v16, .v18]), (.v16, [.v16, .v18]), (.v18, [.v18])]

    @Test("every object of it is proven in a drill, on the same major and on later ones")
    func proven() throws {
        for way in Self.ways {
            try Self.makeRoles(on: way.source)
            try Scene.with(sql: "", on: way.source) { scene in
                for file in ["01-application", "02-inheritance", "03-cycles", "04-names", "05-kinds", "database"] {
                    try scene.change(try Self.text(file))
                }
                if way.source == .v18 { try scene.change(try Self.text("18")) }
                try scene.backUp()
                for target in way.targets {
                    let drill = try scene.lifeboat(
                        "drill",
                        "--from",
                        scene.repository,
                        "--format",
                        "json",
                        environment: ["LIFEBOAT_POSTGRES_BIN": try target.binaries()]
                    )
                    let run = JSON(drill)["drills"][0]
                    #expect(run["verdict"].text == "proven", "\(way.source) -> \(target): \(drill)")
                    #expect((run["catalog"]["total"].number ?? 0) > 220)
                    #expect(run["catalog"]["equal"].number == run["catalog"]["total"].number)
                }
            }
        }
    }

    private static func makeRoles(on major: PostgresMajor) throws {
        let connection = try Connection(PostgresServer.shared(major).settings())
        let known = try connection.query("SELECT FROM pg_roles WHERE rolname = 'corpus_owner'")
        if known.isEmpty { try connection.execute(try text("roles")) }
    }

    private static func text(_ name: String) throws -> String {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let file = try FileSource(path: "/\(tests)/CatalogTests/Corpus/\(name).sql").readAll(limit: 1 << 20)
        return String(decoding: file, as: UTF8.self)
    }
}
