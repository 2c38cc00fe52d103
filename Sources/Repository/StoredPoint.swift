package import Model

/// A point as a listing shows it; nothing of it has been read or checked.
package struct PointListing: Sendable, Hashable {
    package var name: PointName
    package var key: ObjectKey
    package var bytes: Int64
    /// The store's own clock.
    package var modified: Instant

    /// Creates an entry.
    package init(name: PointName, key: ObjectKey, bytes: Int64, modified: Instant) {
        self.name = name
        self.key = key
        self.bytes = bytes
        self.modified = modified
    }

    /// How far the clocks of hosts, databases and stores may be apart without anybody being wrong.
    static let clockTolerance = Duration.seconds(300)

    /// What the point is ordered by: its slot, or when the store took it where that was earlier.
    ///
    /// A host whose clock is ahead names its points after times to come, and they must not stand before all that
    /// are taken until then.
    package var instant: Instant { min(name.slot.instant, modified) }

    /// Older first; what the store dates in the future, because its own clock was ahead, stands behind everything else.
    package static func isOlder(_ a: PointListing, _ b: PointListing, now: Instant) -> Bool {
        let limit = now + clockTolerance
        let places = (a: a.modified <= limit, b: b.modified <= limit)
        guard places.a == places.b else { return places.b }
        let instants = (a: a.instant, b: b.instant)
        return instants.a == instants.b ? a.name < b.name : instants.a < instants.b
    }

    /// Whether the store's clock, when it took the point, was ahead of what is now.
    func isFromTheFuture(_ now: Instant) -> Bool { modified > now + Self.clockTolerance }
}

/// A point that was read: signed by a trusted key, and its manifest is sound in itself.
package struct StoredPoint: Sendable, Hashable {
    package var name: PointName
    package var manifest: Manifest
    /// SHA-256 of the object, hex: what the next point and a prune record name it by.
    package var sha256: String
    package var bytes: Int64
    /// The key that signed it.
    package var signer: String
    /// The store's own clock.
    package var modified: Instant

    /// What its run stored: archives, and the point itself, whose size its own manifest cannot know.
    package var bytesStored: Int64 { manifest.totals.bytesStored + bytes }

    /// What a later point's manifest says of this one.
    package var asPrevious: PreviousPoint { PreviousPoint(point: name, sha256: sha256) }
}

/// The newest usable point of a plan, and what was passed over to reach it.
package struct NewestPoint: Sendable {
    package var point: StoredPoint?
    /// Newer points that could not be read, each with the reason.
    package var damaged: [BadPoint]
    /// The newest one, where its index is not encrypted to this machine: it can be continued and not built on.
    package var sealed: PreviousPoint?

    /// Creates the finding; without arguments it is that of a repository in which nothing was found.
    package init(point: StoredPoint? = nil, damaged: [BadPoint] = [], sealed: PreviousPoint? = nil) {
        self.point = point
        self.damaged = damaged
        self.sealed = sealed
    }

    /// What a point that comes next says of it.
    package var asPrevious: PreviousPoint? { point?.asPrevious ?? sealed }
}
