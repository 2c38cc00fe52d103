package import Model

/// Which unreferenced archives are condemned now, and which were condemned long enough ago to be deleted.
///
/// Pure. An archive that a live backup has just written is referenced by nothing yet, so whatever is younger than the oldest
/// live backup is left alone. Ages are by the store's clock. With `skipsWait` what is condemned now counts as deleted; it is
/// condemned first all the same.
package struct Collection: Sendable, Hashable {
    /// Written down now, deleted by a later run at the earliest.
    package private(set) var condemned: [ArchiveListing] = []
    /// Deleted now.
    package private(set) var deleted: [ArchiveListing] = []
    /// Condemned before, and not yet for long enough.
    package private(set) var waiting: [ArchiveListing] = []

    /// How far the store's clock may step back.
    private static let clockMargin = Duration.seconds(300)

    /// Decides; `reachable` is everything that an existing point or a live run refers to.
    package init(
        archives: [ArchiveListing],
        reachable: Set<ArchiveID>,
        sessions: [ListedSession],
        condemnedLists: [StoredCondemnedList],
        now: Instant,
        skipsWait: Bool = false
    ) {
        let condemnedSince = Self.earliest(condemnedLists)
        let live = sessions.filter { $0.state.kind == .backup && $0.isLive(now: now) }
        // A backup that does not know its own beginning yet protects everything.
        let limits = live.map { $0.state.startedByStore.map { $0 - Self.clockMargin } }
        guard !limits.contains(nil) else { return }
        let limit = limits.compactMap { $0 }.min()
        for archive in archives where !reachable.contains(archive.id) {
            if let limit, archive.modified >= limit { continue }
            if skipsWait {
                deleted.append(archive)
            } else if let since = condemnedSince[archive.id] {
                if now - since >= CondemnedList.wait { deleted.append(archive) } else { waiting.append(archive) }
            } else {
                condemned.append(archive)
            }
        }
    }

    /// The bytes that deleting gives back now.
    package var freedBytes: Int64 { deleted.reduce(0) { $0 + $1.bytes } }

    /// The bytes that later runs will give back.
    package var waitingBytes: Int64 { (condemned + waiting).reduce(0) { $0 + $1.bytes } }

    private static func earliest(_ lists: [StoredCondemnedList]) -> [ArchiveID: Instant] {
        var result: [ArchiveID: Instant] = [:]
        for list in lists {
            for id in list.archives { result[id] = min(result[id] ?? list.written, list.written) }
        }
        return result
    }
}
