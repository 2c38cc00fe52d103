package import Diagnostics
package import Model
import Streams

/// How much of an archive a point uses.
package struct ArchiveUse: Sendable, Hashable {
    package var archive: ArchiveID
    /// The archive's size, as the point recorded it.
    package var bytes: Int64
    /// The bytes in it that the point's ranges lie in.
    package var liveBytes: Int64

    /// Creates the facts.
    package init(archive: ArchiveID, bytes: Int64, liveBytes: Int64) {
        self.archive = archive
        self.bytes = bytes
        self.liveBytes = liveBytes
    }
}

/// What retention and collection need to know of a point that was read: signed by a trusted key, and sound in itself.
package struct KnownPoint: Sendable, Hashable {
    package var name: PointName
    package var sha256: String
    package var bytes: Int64
    /// The store's own clock.
    package var modified: Instant
    package var recoveryInstant: Instant
    package var previous: PreviousPoint?
    package var uses: [ArchiveUse]

    /// What a later point's manifest says of this one.
    package var asPrevious: PreviousPoint { PreviousPoint(point: name, sha256: sha256) }

    /// Whether a point may count as the newest: not dated after its own commit, and not committed in the future.
    func isWellDated(now: Instant) -> Bool {
        recoveryInstant <= modified + PointListing.clockTolerance && modified <= now + PointListing.clockTolerance
    }

    /// Whether it is the point that a listing shows; objects never change, so the same place, size and time mean the same.
    func isSame(as listing: PointListing) -> Bool {
        name == listing.name && bytes == listing.bytes && modified == listing.modified
    }

    /// Older first, by what the points show and not by what they are called.
    static func isOlder(_ a: KnownPoint, _ b: KnownPoint) -> Bool {
        (a.recoveryInstant, a.modified, a.name) < (b.recoveryInstant, b.modified, b.name)
    }
}

extension KnownPoint {
    /// What is kept of a point that was read.
    package init(_ stored: StoredPoint) {
        var live: [ArchiveID: Int64] = [:]
        for location in stored.manifest.locations { live[location.archive, default: 0] += location.length }
        self.init(
            name: stored.name,
            sha256: stored.sha256,
            bytes: stored.bytes,
            modified: stored.modified,
            recoveryInstant: stored.manifest.recoveryInstant,
            previous: stored.manifest.previous,
            uses: stored.manifest.archives.map {
                ArchiveUse(archive: $0.id, bytes: $0.bytes, liveBytes: live[$0.id] ?? 0)
            }
        )
    }
}

/// What is known of some points: those that could be read, and why the others could not.
package struct PointSurvey: Sendable {
    package var known: [PointName: KnownPoint] = [:]
    package var unreadable: [PointName: Diagnostic] = [:]
}

extension Repository {
    /// Reads the points of a listing, each at most once in a week.
    ///
    /// A point never changes, so what this machine once read of it, in this process or in a census of its own, still
    /// holds while the listing shows the same size and time. A store that fails is an error; a point that cannot be read
    /// is named with its reason; one that vanished since the listing is in neither list.
    package func survey(_ listing: [PointListing]) throws -> PointSurvey {
        try recallCensus()
        var survey = PointSurvey()
        var unread: [PointListing] = []
        for listed in listing {
            if let known = shelf.point(listed) { survey.known[listed.name] = known } else { unread.append(listed) }
        }
        for (listed, reading) in zip(unread, try eachPoint(unread) { try self.knownPoint($0.name) }) {
            switch reading {
            case .success(let known): survey.known[listed.name] = known
            case .failure(let error) where error.code == .pointUnknown: continue
            case .failure(let error): survey.unreadable[listed.name] = error
            }
        }
        return survey
    }

    /// A point, or why it cannot be read or is not there; throws what is not its own fault.
    private func knownPoint(_ name: PointName) throws -> Result<KnownPoint, Diagnostic> {
        do {
            let known = KnownPoint(try readPoint(name))
            shelf.put(known, read: .now)
            return .success(known)
        } catch let error as Diagnostic where error.isAboutOneObject {
            return .failure(error)
        }
    }
}
