/// How much of what is stored a verification looks at; each looks also at what the ones before it do.
package enum VerifyDepth: String, Sendable, Codable, Comparable {
    /// Whether everything is there and has its size.
    case sizes
    /// Every byte, by hash.
    case bytes
    /// Every byte, and every range after decryption.
    case decrypted

    private var rank: Int {
        switch self {
        case .sizes: 0
        case .bytes: 1
        case .decrypted: 2
        }
    }

    package static func < (a: VerifyDepth, b: VerifyDepth) -> Bool { a.rank < b.rank }
}
