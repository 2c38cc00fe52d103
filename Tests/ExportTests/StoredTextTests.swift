import AgeEncryption
import Archives
import Model
import Streams
import Testing

@testable import Export

@Suite("Rows that were read and are stored already")
struct StoredTextTests {
    private let member: [UInt8] = Array(0..<200)

    private func name(_ table: String) throws -> MemberName {
        try MemberName(.rows(schema: "public", table: table), range: 0, part: 0)
    }

    /// What an archive written at `modified` holds of a table, behind another entry.
    private func stored(_ table: String, at modified: Int64) throws -> StoredText {
        let sink = MemorySink()
        let tar = try TarWriter(into: sink, named: "archive", modified: modified)
        _ = try [1, 2, 3].withUnsafeBytes { try tar.writeEntry(name: try name("before").text, $0) }
        let place = try member.withUnsafeBytes { try tar.writeEntry(name: try name(table).text, $0) }
        let bytes = Array(sink.bytes[Int(place.lowerBound)..<Int(place.upperBound)])
        let id = try #require(ArchiveID(String(repeating: "0", count: 32)))
        let location = ArchiveLocation(
            archive: id,
            offset: place.lowerBound,
            length: Int64(bytes.count),
            members: 1,
            sha256: Hex.encode(SHA256.digest(of: bytes))
        )
        let range = TableRange(
            blocks: .all,
            proof: RowProof(),
            textBytes: 0,
            location: location,
            fingerprint: nil,
            readIn: Slot(Instant(secondsSinceEpoch: modified))
        )
        return StoredText(range: range, modified: modified)
    }

    @Test("the same member under the same name is the same, whatever was looked at before, and no other is")
    func same() throws {
        let check = StoredTextCheck()
        var other = member
        other[199] ^= 1
        for modified: Int64 in [1_790_000_000, 1_790_003_600, 1_790_000_000] {
            let known = try stored("t", at: modified)
            #expect(try member.withUnsafeBytes { try check.isSame($0, named: try name("t"), as: known) })
            #expect(try !other.withUnsafeBytes { try check.isSame($0, named: try name("t"), as: known) })
            #expect(try !member.withUnsafeBytes { try check.isSame($0, named: try name("u"), as: known) })
            var moved = known
            moved.modified += 1
            #expect(try !member.withUnsafeBytes { try check.isSame($0, named: try name("t"), as: moved) })
            var longer = known
            longer.range.location.length += 512
            #expect(try !member.withUnsafeBytes { try check.isSame($0, named: try name("t"), as: longer) })
        }
    }
}
