import RowHashing
import Testing

@Suite("the proof of a set of rows")
struct RowHasherTests {
    private func proof(of rows: [String]) -> RowHasher {
        var hasher = RowHasher()
        for row in rows { hasher.add(Array(row.utf8).span.bytes) }
        return hasher
    }

    @Test("the hash of a row is XXH3-128 with seed 0")
    func knownAnswers() {
        // What `xxhsum -H2` prints for the empty input and for 'a'.
        #expect(proof(of: [""]).sum == 0x99aa_06d3_0147_98d8_6001_c324_468d_497f)
        #expect(proof(of: ["a"]).sum == 0xa96f_aff5_3f7e_0f7b_e6c6_32b6_1e96_4e1f)
    }

    @Test("no rows have the proof zero")
    func empty() {
        #expect(RowHasher().rows == 0)
        #expect(RowHasher().sum == 0)
    }

    @Test("the order of rows does not matter, their content and number do")
    func multiset() {
        let rows = ["1\talpha", "2\tbeta", "3\t\\N", ""]
        #expect(proof(of: rows) == proof(of: rows.reversed()))
        #expect(proof(of: rows).rows == 4)
        #expect(proof(of: rows).sum != proof(of: Array(rows.dropLast())).sum)
        #expect(proof(of: rows).sum != proof(of: ["1\talpha", "2\tbeta", "3\t", ""]).sum)
        #expect(proof(of: rows + ["x", "x"]).sum != proof(of: rows + ["y", "y"]).sum)
        #expect(proof(of: rows + ["x", "x"]).sum != proof(of: rows).sum)
    }

    @Test("sums of parts are the sum of the whole, past 2^128")
    func wrapping() {
        let rows = (0..<1000).map { "row \($0)" }
        let whole = proof(of: rows)
        let left = proof(of: Array(rows[..<300]))
        let right = proof(of: Array(rows[300...]))
        #expect(left.sum &+ right.sum == whole.sum)
        #expect(left.rows + right.rows == whole.rows)
    }
}
