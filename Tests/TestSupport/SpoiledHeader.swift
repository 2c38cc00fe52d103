/// An age file with one character changed in the body of every stanza of its header: no identity opens it any more, as if
/// it were meant for somebody else.
package func withSpoiledHeader(_ file: [UInt8]) -> [UInt8] {
    var file = file
    var position = file.startIndex
    while let end = file[position...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = file[position..<end]
        position = end + 1
        if line.starts(with: "--- ".utf8) { break }
        guard line.starts(with: "-> ".utf8), position < file.endIndex else { continue }
        file[position] = file[position] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
    }
    return file
}
