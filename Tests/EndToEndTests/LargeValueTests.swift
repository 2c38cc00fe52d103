import Glibc
import PostgresClient
import TestSupport
import Testing

@Suite("Values that are large", .serialized)
struct LargeValueTests {
    private static let megabytes = CampaignSize.isCampaign ? 400 : 40

    /// A value of `megabytes` that zstd cannot make small; the server builds it from a generator of its own.
    private static func insert(_ megabytes: Int) -> String {
        """
        CREATE TABLE big (id int, body text); ALTER TABLE big ALTER body SET STORAGE EXTERNAL;
        INSERT INTO big SELECT 1, string_agg(md5(i::text), '') FROM generate_series(1, \(megabytes * (1 << 20) / 32)) AS i
        """
    }

    private func peak(_ scene: Scene, _ repository: String) throws -> Int64 {
        let place = scene.folder + repository
        let answer = try scene.lifeboat("backup", scene.sourceText, "--to", place, "--format", "json")
        try #require(answer.status == 0, "\(answer)")
        return Int64(try #require(JSON(answer)["backups"][0]["peakMemoryBytes"].number))
    }

    @Test("pass with twice their size in memory, and come back as they were")
    func largeValue() throws {
        try Scene.with { scene in
            let without = try peak(scene, "/small")
            try scene.change(Self.insert(Self.megabytes))
            let with = try peak(scene, "/large")
            let row = Int64(Self.megabytes) << 20
            print("a value of \(Self.megabytes) MiB: peak \(with >> 20) MiB, \(without >> 20) MiB without it")
            #expect(with - without < 2 * row + 16 << 20)
            try withDatabase { target in
                let text = target.words
                let answer = try scene.lifeboat("restore", "latest", "--from", scene.folder + "/large", "--to", text)
                #expect(answer.status == 0, "\(answer)")
                let sum = "SELECT md5(body), length(body) FROM public.big"
                let (now, then) = (try Connection(target).query(sum)[0], try Connection(scene.source).query(sum)[0])
                #expect(now[0] == then[0] && now[1] == then[1])
            }
        }
    }

    @Test("and cannot be written as text are named: the table, the column, the row, and the way around")
    func unprintable() throws {
        // A bit is a letter as text: 2^30 of them take 128 MiB, and are one letter too many.
        let sql = """
            CREATE TABLE notes (id int, "odd name" varbit, more text);
            INSERT INTO notes VALUES (1, B'1', 'x'), (2, B'1', repeat('y', 1000));
            DO $$ DECLARE bits varbit := B'1'; BEGIN
              FOR i IN 1..30 LOOP bits := bits || bits; END LOOP;
              UPDATE notes SET "odd name" = bits WHERE id = 1;
            END $$
            """
        try Scene.with(sql: sql) { scene in
            let answer = try scene.lifeboat("backup", scene.sourceText, "--to", scene.repository)
            #expect(answer.status == 14, "\(answer)")
            let summary = "a value of column 'odd name' of table 'public.notes' cannot be written as text"
            #expect(answer.errorLines.first == "error: " + summary, "\(answer)")
            #expect(answer.errors.contains("ctid (0,3)"), "\(answer)")
            #expect(answer.errors.contains("--exclude-rows 'public.notes'"), "\(answer)")
            let without = try scene.lifeboat(
                "backup",
                scene.sourceText,
                "--to",
                scene.repository,
                "--exclude-rows",
                "public.notes"
            )
            #expect(without.status == 0, "\(without)")
        }
    }
}
