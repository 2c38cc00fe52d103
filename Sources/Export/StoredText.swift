import AgeEncryption
import Archives
import Model
import Streams

/// What a repository holds of a table that is read in any case.
struct StoredText: Sendable, Hashable {
    var range: TableRange
    /// The time in the headers of the archive that holds it, in seconds since 1970.
    var modified: Int64
}

/// Says of rows that were just read and packed whether a repository holds them already, byte by byte.
///
/// The same rows, packed under the same name with the time of the archive they lie in, give the same bytes of tar; so their
/// SHA-256 proves that nothing changed, whatever the tuples and the catalogs say. What another version of the library packs
/// otherwise is stored once more, and that is all. One thread.
final class StoredTextCheck {
    private struct Shadow {
        var tap: RangeTap
        var tar: TarWriter
    }

    /// One for each archive time, of which there are few.
    private var shadows: [Int64: Shadow] = [:]

    /// Whether `member` is all that `stored` holds.
    func isSame(_ member: UnsafeRawBufferPointer, named name: MemberName, as stored: StoredText) throws -> Bool {
        let shadow = try shadows[stored.modified] ?? begin(stored.modified)
        shadow.tap.beginRange()
        let place = try shadow.tar.writeEntry(name: name.text, member)
        let hash = Hex.encode(shadow.tap.endRange())
        let location = stored.range.location
        return location.members == 1 && location.length == Int64(place.count) && location.sha256 == hash
    }

    private func begin(_ modified: Int64) throws -> Shadow {
        let tap = RangeTap()
        let shadow = Shadow(tap: tap, tar: try TarWriter(into: tap, named: "comparison", modified: modified))
        shadows[modified] = shadow
        return shadow
    }
}
