/// What `ALTER ROLE "name" WITH …` says; nil for any other statement.
///
/// The name is read byte by byte up to its closing quote: one that looks like the words behind it is still a name.
struct RoleWords {
    /// The name with its quotes.
    let role: String
    let words: [String]

    init?(_ statement: String) {
        let head = Array("ALTER ROLE \"".utf8)
        let bytes = Array(statement.utf8)
        guard bytes.starts(with: head) else { return nil }
        let mark = UInt8(ascii: "\"")
        var end = head.count
        while end < bytes.count {
            if bytes[end] != mark {
                end += 1
            } else if end + 1 < bytes.count, bytes[end + 1] == mark {
                end += 2
            } else {
                break
            }
        }
        let joint = Array("\" WITH ".utf8)
        guard end < bytes.count, bytes[end...].starts(with: joint) else { return nil }
        role = String(decoding: bytes[(head.count - 1)...end], as: UTF8.self)
        words = bytes[(end + joint.count)...].split(separator: UInt8(ascii: " ")).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
