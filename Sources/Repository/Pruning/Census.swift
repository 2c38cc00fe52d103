import AgeEncryption
import Diagnostics
import Model
import Streams

/// What a prune of this machine saw last, written down for the next: which points there were, and what is in them.
///
/// It serves twice. A point that is neither there any more nor removed by a record has vanished, so that a listing which
/// leaves points out is noticed. And what was read once need not be read again: points never change. Only a census that
/// this machine signed itself is believed: another machine that may sign but not delete could otherwise talk this one into
/// deleting what good points refer to.
struct Census: Sendable, Hashable, Codable {
    static let currentFormat = 1

    struct Archive: Sendable, Hashable, Codable {
        var id: ArchiveID
        var bytes: Int64
    }

    struct Point: Sendable, Hashable, Codable {
        var name: PointName
        var sha256: String
        var bytes: Int64
        var modified: Instant
        var recoveryInstant: Instant
        var previous: PreviousPoint?
        /// When this machine read the point itself.
        var read: Instant
        /// Which of `archives`, and how many bytes of each the point uses.
        var archives: [Int]
        var liveBytes: [Int64]
    }

    var format = Census.currentFormat
    var archives: [Archive]
    var points: [Point]

    init(_ entries: [PointShelf.Entry]) {
        var archives: [Archive] = []
        var places: [Archive: Int] = [:]
        points = entries.map { entry in
            let point = entry.point
            let indexes = point.uses.map { use in
                let archive = Archive(id: use.archive, bytes: use.bytes)
                if let place = places[archive] { return place }
                archives.append(archive)
                places[archive] = archives.count - 1
                return archives.count - 1
            }
            return Point(
                name: point.name,
                sha256: point.sha256,
                bytes: point.bytes,
                modified: point.modified,
                recoveryInstant: point.recoveryInstant,
                previous: point.previous,
                read: entry.read,
                archives: indexes,
                liveBytes: point.uses.map(\.liveBytes)
            )
        }
        self.archives = archives
    }

    /// The points; one whose numbers do not fit is left out, and read again.
    var entries: [PointShelf.Entry] {
        points.compactMap { point in
            guard point.archives.count == point.liveBytes.count, point.archives.allSatisfy(archives.indices.contains)
            else { return nil }
            let known = KnownPoint(
                name: point.name,
                sha256: point.sha256,
                bytes: point.bytes,
                modified: point.modified,
                recoveryInstant: point.recoveryInstant,
                previous: point.previous,
                uses: zip(point.archives, point.liveBytes).map { index, live in
                    ArchiveUse(archive: archives[index].id, bytes: archives[index].bytes, liveBytes: live)
                }
            )
            return PointShelf.Entry(point: known, read: point.read)
        }
    }
}

extension Repository {
    private static let censusSection = "census"

    /// Fills the shelf from this machine's newest census that is whole; there may be none.
    func recallCensus() throws {
        try shelf.recallOnce { try newestCensus()?.census.entries ?? [] }
    }

    /// The points that this machine's last prune saw.
    func lastSeenPoints() throws -> [PointName] { try newestCensus()?.census.points.map(\.name) ?? [] }

    /// Writes down which points there are now, and removes what was written before.
    func takeCensus(of points: [PointName]) throws {
        let last = try newestCensus()
        let census = Census(points.sorted().compactMap { shelf.entry($0) })
        guard census != last?.census else { return }
        let numbers = try censusNumbers()
        let key = Layout.census(signer: signerText, number: (numbers.max() ?? 0) + 1)
        let section = try SealedText.seal(try CanonicalJSON.encode(census), to: try indexRecipients())
        let sections = [(Self.censusSection, section)]
        try store.put(key, try Envelope.seal(.census, at: key, sections: sections, with: keyring.signer))
        for number in numbers { try removeIfAllowed(Layout.census(signer: signerText, number: number)) }
    }

    private func newestCensus() throws -> (number: Int, census: Census)? {
        for number in try censusNumbers().sorted(by: >) {
            do {
                return (number, try readCensus(number))
            } catch let error as Diagnostic where error.isAboutOneObject || error.code == .repositoryFormat {
                // It only saves work and compares; the records and the points themselves have the last word.
                continue
            }
        }
        return nil
    }

    private func readCensus(_ number: Int) throws -> Census {
        let key = Layout.census(signer: signerText, number: number)
        let envelope = try Envelope.open(try object(at: key), as: .census, at: key)
        guard envelope.header.signer == signerText, let section = envelope.sections[Self.censusSection] else {
            throw Diagnostic(.signatureInvalid, "'\(key)' was not signed by this machine")
        }
        let json = try readers.open(section, object: "'\(key)'")
        try FormatProbe.check(json, supported: Census.currentFormat, object: "'\(key)'")
        return try CanonicalJSON.decode(Census.self, from: json, object: "'\(key)'")
    }

    private func censusNumbers() throws -> [Int] {
        try store.list(Layout.censuses(signer: signerText)).compactMap { Layout.censusNumber($0.key) }
    }

    private var signerText: String { keyring.signer.verifyingKey.text }
}
