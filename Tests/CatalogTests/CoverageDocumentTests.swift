import Catalog
import Diagnostics
import Glibc
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("docs/postgres-coverage.md says what was tried")
struct CoverageDocumentTests {
    @Test("the document is what the corpus holds; 'make docs' writes it")
    func document() throws {
        let text = try Self.text()
        let path = Self.path
        if getenv("LIFEBOAT_WRITE_DOCS") != nil {
            let file = try AtomicFile(path: path, .replace)
            try file.write(text: text)
            try file.finish()
        }
        let known = String(decoding: try FileSource(path: path).readAll(limit: 1 << 20), as: UTF8.self)
        #expect(known == text, "'make docs' writes it anew; look at what changed")
    }

    private static let path: String = {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(folder)/docs/postgres-coverage.md"
    }()

    private static func text() throws -> String {
        let majors = PostgresMajor.allCases
        let counts = try majors.map { major in
            try Corpus.withOriginal(on: major, contrib: true) { Coverage.counts(try Corpus.read($0)) }
        }
        var text = introduction
        text += "| kind | " + majors.map { "\($0.rawValue)" }.joined(separator: " | ") + " |\n"
        text += "| --- |" + majors.map { _ in " ---: |" }.joined() + "\n"
        for (number, item) in Coverage.items.enumerated() where counts.contains(where: { $0[number] > 0 }) {
            let cells = counts.map { $0[number] == 0 ? "-" : "\($0[number])" }.joined(separator: " | ")
            text += "| \(item.name) | \(cells) |\n"
        }
        let missing = Coverage.items.enumerated().filter { number, _ in counts.allSatisfy { $0[number] == 0 } }
        text +=
            "\nIn no corpus: "
            + (missing.isEmpty ? "nothing." : missing.map(\.element.name).joined(separator: ", ") + ".")
        return text + "\n" + (try refusals())
    }

    private static let introduction = """
        # What of PostgreSQL is carried

        A test writes this page (`CoverageDocumentTests`, with `make docs`) and compares it in every run. Each number is how
        many objects of a kind the corpus in `Tests/CatalogTests/Corpus` holds on that major version. All of them are
        exported and restored in every run: `pg_dump --schema-only --create` and `pg_dumpall --globals-only` of original and
        copy must be the same text, our own comparison must be empty, and objects are changed in every way we know
        (`Mutation.swift`) to see that the comparison names them: a sample in every run, every object with `make campaign`.
        The corpus of 15 is proven in a drill on 16 and 18 too. Beside it, seeded random schemas take the same way
        (`GeneratedSchemaTests`), and a database with every extension of the server (`ExtensionTests`: 47 on 15, `plpgsql`
        and `vector` on 16 and 18).

        PostgreSQL 14 and 17 are read by the same code and **not tested**. Large objects are rows here, with owner,
        privileges and comment, and not part of this table.


        """

    /// What is refused or left out, with the words that a person sees.
    private static func refusals() throws -> String {
        var text = "\n## What is refused\n\nNothing is left out in silence. An export ends with one of these:\n\n"
        text += "| what | message | remedy |\n| --- | --- | --- |\n"
        for refusal in Refusal.all {
            let problem = try refusal.problem()
            let message = [problem.summary, problem.cause].compactMap(\.self).joined(separator: "; ")
            text += "| \(refusal.what) | \(cell(message)) | \(cell(problem.hint ?? "")) |\n"
        }
        text +=
            "\n## What is left out, and said so\n\nIn the manifest's notices, after a backup and in `lifeboat show`:\n\n"
        for notice in try Refusal.notices() { text += "* \(notice)\n" }
        return text + """

            Passwords of roles and of subscriptions are never read; subscriptions come back disabled. Temporary objects,
            statistics that ANALYZE gathers, and changes to the server's own objects other than privileges and members of
            operator families are not part of a point. Tablespaces belong to a server: what lay in one goes into the
            target's of the same name, into the one that `restore --tablespace FROM=TO` names, or into the database's own,
            and the last is said. A later major can refuse what an earlier one took (15 lets an ordinary
            column inherit a generated one, 16 does not): such a table is left out and named with the server's own words, and
            the restore ends with an error; anything but a table ends it at once.

            Security labels of everything but large objects and the database itself are carried (`SecurityLabelTests`: the same as
            pg_dump's, of sixteen kinds on each major). They mean something to a module of the server only: where it is not
            loaded, a restore goes on without them and names each. A materialized view whose query fails on the target stays
            empty, and is named too.

            """
    }

    private static func cell(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing(/\d{5,}/, with: "…")
    }
}
