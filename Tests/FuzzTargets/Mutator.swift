/// Makes new inputs out of valid ones: the same from the same seed, everywhere.
package struct Mutator {
    private var state: UInt64
    private let target: FuzzTarget

    package init(_ target: FuzzTarget, seed: UInt64) {
        self.target = target
        state = target.name.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// A seed with one to eight changes.
    package mutating func next() -> [UInt8] {
        var bytes = target.seeds[below(target.seeds.count)]
        for _ in 0...below(8) { change(&bytes) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = below(bytes.count + 1)
        switch below(8) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
        case 1 where place < bytes.count: bytes[place] = UInt8(below(256))
        case 2 where place < bytes.count: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(16)))
        case 3: bytes.insert(UInt8(below(256)), at: place)
        case 4 where !target.words.isEmpty:
            bytes.insert(contentsOf: target.words[below(target.words.count)].utf8, at: place)
        case 5 where place < bytes.count:
            // A stretch of the input once more, as when a block is delivered twice.
            bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + below(64))], at: below(bytes.count))
        case 6: bytes.removeSubrange(place...)
        default:
            let other = target.seeds[below(target.seeds.count)]
            bytes = Array(bytes[..<place]) + other.dropFirst(below(other.count + 1))
        }
    }

    private mutating func below(_ limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(max(limit, 1)))
    }
}
