import PostgresClient
import TestSupport
import Testing

@Suite("What the data engine is told, and what it tells")
struct EngineAnswerTests {
    @Test("a higher level stores less of the same rows, and what it stores comes back")
    func level() throws {
        try Scene.with { scene in
            try scene.change(
                "CREATE TABLE words AS SELECT i, 'word ' || (i * 7919 % 997) || ' of ' || (i * 31 % 89) AS w"
                    + " FROM generate_series(1, 40000) AS i"
            )
            func stored(_ level: String) throws -> Int {
                let place = scene.folder + "/level" + level
                let line = ["backup", scene.sourceText, "--to", place, "--plan", "shop", "--level", level]
                let answer = try scene.lifeboat(line + ["--format", "json"])
                try #require(answer.status == 0, "\(answer)")
                let verify = try scene.lifeboat("verify", "--deep", "--from", place)
                #expect(verify.status == 0, "\(verify)")
                return try #require(JSON(answer)["backups"][0]["totals"]["bytesStored"].number)
            }
            let (fast, small) = (try stored("1"), try stored("19"))
            #expect(small * 10 < fast * 9, "\(small) bytes at level 19, \(fast) at level 1")
            for wrong in ["0", "20", "high"] {
                let refused = try scene.lifeboat("backup", scene.sourceText, "--to", scene.repository, "--level", wrong)
                #expect(refused.status == 2, "\(refused)")
            }
        }
    }

    @Test("show says why each range was read: counted, as text and as JSON")
    func readReasons() throws {
        try Scene.with { scene in
            func show() throws -> (text: String, reasons: JSON, totals: JSON) {
                let text = try scene.lifeboat("show", "latest", "--from", scene.repository)
                let answer = try scene.lifeboat("show", "latest", "--from", scene.repository, "--format", "json")
                #expect(text.status == 0 && answer.status == 0, "\(text)")
                let totals = JSON(answer)["manifest"]["totals"]
                return (text.output, totals["readReasons"], totals)
            }
            try scene.backUp()
            let first = try show()
            let count = try #require(first.totals["rangesRead"].number)
            #expect(first.reasons["no-base"].number == count)
            #expect(first.text.contains("there is no earlier point to build on: \(count) ranges"), "\(first.text)")

            try scene.change("UPDATE purchase SET amount = 1 WHERE id = 1; ALTER TABLE customer ADD age int DEFAULT 7")
            try scene.backUp()
            let second = try show()
            #expect(second.reasons["rows-changed"].number == 1)
            #expect(second.reasons["table-changed"].number == 1)
            #expect(second.totals["rangesRead"].number == 2)
            #expect(second.text.contains("read because"), "\(second.text)")
            #expect(second.text.contains("rows were added, changed or removed: 1 range\n"), "\(second.text)")
            #expect(second.text.contains("the table was rewritten or its definition changed: 1 range\n"))
            #expect(second.text.contains("\(count - 2) reused"))
        }
    }
}
