/// Which names may stand in a tar at all, before any grammar: what cannot lead an extraction out of its folder.
enum EntryPath {
    /// Whether `name` is printable ASCII without spaces or backslashes, relative, and free of empty and dotted
    /// components.
    static func isSafe(_ name: String) -> Bool {
        guard (1...1024).contains(name.utf8.count),
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") })
        else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}
