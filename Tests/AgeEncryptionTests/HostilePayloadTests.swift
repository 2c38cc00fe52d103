import Diagnostics
import Streams
import Testing

@testable import AgeEncryption

@Suite("hostile payloads")
struct HostilePayloadTests {
    private let maker: HandmadeFile
    private let header: [UInt8]
    private let full = sampleBytes(65_536)

    init() throws {
        maker = try HandmadeFile()
        header = try maker.header(maker.stanza().lines)
    }

    private func expect(
        _ expected: HandmadeFile.Outcome,
        releasing count: Int,
        _ chunks: [[UInt8]],
        _ comment: Comment
    ) throws {
        let (outcome, released) = try maker.outcome(of: header + maker.payload(chunks))
        #expect(outcome == expected, comment)
        #expect(released.count == count, comment)
    }

    private func last(_ plaintext: [UInt8], _ number: Int) throws -> [UInt8] {
        try maker.chunk(plaintext, number: number, isLast: true)
    }

    private func middle(_ plaintext: [UInt8], _ number: Int) throws -> [UInt8] {
        try maker.chunk(plaintext, number: number, isLast: false)
    }

    @Test("payloads as the specification wants them")
    func wellFormed() throws {
        try expect(.success, releasing: 0, [last([], 0)], "empty")
        try expect(.success, releasing: 1, [last([1], 0)], "one byte")
        try expect(.success, releasing: 65_536, [last(full, 0)], "one full chunk")
        try expect(.success, releasing: 65_537, [middle(full, 0), last([1], 1)], "one more byte")
        try expect(.success, releasing: 131_072, [middle(full, 0), last(full, 1)], "two full chunks")
    }

    @Test("an end that is missing, early, doubled or empty")
    func ends() throws {
        try expect(.badPayload, releasing: 0, [], "no chunk")
        try expect(.badPayload, releasing: 0, [middle([1], 0)], "not marked as the last")
        try expect(.badPayload, releasing: 65_536, [middle(full, 0)], "cut off after a whole chunk")
        try expect(.badPayload, releasing: 131_072, [middle(full, 0), middle(full, 1)], "cut off after two")
        try expect(.badPayload, releasing: 65_536, [middle(full, 0), last([], 1)], "an empty last chunk")
        try expect(.badPayload, releasing: 65_536, [middle(full, 0), middle([], 1)], "an empty chunk")
        try expect(.badPayload, releasing: 65_536, [last(full, 0), last([1], 1)], "an end before the end")
        try expect(.badPayload, releasing: 65_536, [last(full, 0), last(full, 0)], "the same end twice")
        try expect(.badPayload, releasing: 0, [last([1], 0), last([1], 1)], "two short ends")
        try expect(.badPayload, releasing: 0, [last([1], 0), [0]], "a byte after a short end")
        try expect(.badPayload, releasing: 65_536, [last(full, 0), [0]], "a byte after a full end")
        try expect(.badPayload, releasing: 0, [middle([1], 0), last([1], 1)], "a short chunk in the middle")
    }

    @Test("chunks that are out of order, left out or damaged")
    func order() throws {
        try expect(.badPayload, releasing: 0, [middle(full, 1), last([1], 0)], "swapped")
        try expect(.badPayload, releasing: 0, [middle(full, 1), last([1], 2)], "the first is missing")
        try expect(.badPayload, releasing: 65_536, [middle(full, 0), last([1], 2)], "one is missing")
        try expect(.badPayload, releasing: 65_536, [middle(full, 0), middle(full, 0), last([1], 1)], "one is doubled")
        var damaged = try middle(full, 1)
        damaged[65_551] ^= 1
        try expect(.badPayload, releasing: 65_536, [middle(full, 0), damaged, last([1], 2)], "a wrong tag")
        try expect(.badPayload, releasing: 0, [Array(last([1], 0).dropLast())], "a short tag")
    }

    @Test("a nonce that is missing or short belongs to the header's failures")
    func nonce() throws {
        #expect(try maker.outcome(of: header).0 == .malformedHeader)
        #expect(try maker.outcome(of: header + [UInt8](repeating: 1, count: 15)).0 == .malformedHeader)
    }

    @Test("reading on after an error gives the error again, never what lies behind")
    func errorsStay() throws {
        // As long as what is read to open one chunk, so that the reader stands before a good chunk after the error.
        let garbage = [UInt8](repeating: 9, count: 65_553)
        let file = try header + maker.payload([garbage, middle(full, 0), last([1], 1)])
        let source = try AgeDecryptor(MemorySource(file), identities: [maker.identity])
        for _ in 0..<4 { #expect(throws: Diagnostic.self) { try source.readAll(limit: 1 << 20) } }
        let early = try header + maker.payload([last(full, 0), last([1], 1)])
        let second = try AgeDecryptor(MemorySource(early), identities: [maker.identity])
        for _ in 0..<3 { #expect(throws: Diagnostic.self) { try second.readAll(limit: 1 << 20) } }
    }

    @Test("every flipped bit and every truncation of a file is noticed")
    func everyByte() throws {
        let file = try maker.file(maker.stanza().lines)
        #expect(try maker.outcome(of: file).released == [1, 2, 3])
        for index in file.indices {
            for bit in 0..<8 {
                var changed = file
                changed[index] ^= 1 << bit
                let (outcome, released) = try maker.outcome(of: changed)
                #expect(outcome != .success && released.isEmpty, "bit \(bit) of byte \(index)")
            }
            let (outcome, released) = try maker.outcome(of: Array(file[..<index]))
            #expect(outcome != .success && released.isEmpty, "\(index) bytes are left")
        }
        #expect(try maker.outcome(of: file + [0]).0 == .badPayload)
    }
}
