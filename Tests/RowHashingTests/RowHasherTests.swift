import Model
import RowHashing
import Testing

@Suite("the proof of a set of rows")
struct RowHasherTests {
    private func proof(of rows: [String]) -> RowProof {
        var hasher = RowHasher()
        for row in rows { hasher.add(Array(row.utf8).span.bytes) }
        return hasher.proof
    }

    @Test("the hash of a row is XXH3-128 with seed 0, as 'xxhsum -H2' prints it")
    func knownAnswers() {
        #expect(proof(of: [""]).sum == 0x99aa_06d3_0147_98d8_6001_c324_468d_497f)
        #expect(proof(of: ["a"]).sum == 0xa96f_af70_5af1_6834_e6c6_32b6_1e96_4e1f)
        #expect(proof(of: ["1\talpha"]).sum == 0xfc55_9a2a_a438_412c_eef6_99c1_1291_20f5)
        // On both sides of the length from which another entry point is called.
        #expect(proof(of: [String(repeating: "r", count: 240)]).sum == 0x4e1f_c5e6_9208_ae55_b93d_96f2_9b43_6456)
        #expect(proof(of: [String(repeating: "r", count: 241)]).sum == 0x4bd5_a3be_3742_be62_0468_9bd0_4ca2_fe7e)
        #expect(proof(of: [String(repeating: "row ", count: 1000)]).sum == 0xd70a_4b32_c9f9_f6ca_9438_d23f_a317_01b1)
    }

    @Test("no rows have the proof zero")
    func empty() {
        #expect(RowHasher().proof == RowProof(rows: 0, sum: 0))
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

    @Test("proofs of parts add up to the proof of the whole, past 2^128")
    func wrapping() {
        let rows = (0..<1000).map { "row \($0)" }
        #expect(proof(of: Array(rows[..<300])) + proof(of: Array(rows[300...])) == proof(of: rows))
    }
}
