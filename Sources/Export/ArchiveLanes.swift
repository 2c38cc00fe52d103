import Archives
import Model
import Repository

/// One worker's archives: a lane for each set of repositories that take the same ranges.
///
/// One thread. Repositories with the same recipients get the same encrypted bytes under the same name, so that one can
/// mend the other; those with others get archives of their own. In step all take the same ranges and there is one lane;
/// one that catches up has a second for what only it needs.
final class ArchiveLanes {
    /// Lanes open at once: each may hold a part of an upload.
    private static let openLimit = 3

    private let point: PointName
    private let limit: Int64
    /// The one used last stands last.
    private var lanes: [ArchiveLane] = []

    init(point: PointName, limit: Int64) {
        self.point = point
        self.limit = limit
    }

    /// Writes the members that `body` hands over; says where they lie in each destination, by its index.
    func range(
        for destinations: [Destination],
        _ body: (_ write: (MemberName, UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> [Int: ArchiveLocation] {
        let groups = Self.groups(destinations)
        let used = try groups.map { try lane($0, beside: groups.count - 1) }
        for lane in used { try lane.beginRange() }
        try body { name, bytes in
            for lane in used { try lane.write(name, bytes) }
        }
        var locations: [Int: ArchiveLocation] = [:]
        for lane in used {
            let location = try lane.endRange()
            for destination in lane.destinations { locations[destination.index] = location }
        }
        return locations
    }

    /// Ends every archive that is being written.
    func finish() throws {
        for lane in lanes { try lane.finish() }
        lanes = []
    }

    /// The lane of exactly these, as far as they still live; one that was not used for long is ended for it.
    private func lane(_ group: [Destination], beside others: Int) throws -> ArchiveLane {
        let wanted = group.map(\.index)
        let lane: ArchiveLane
        if let found = lanes.firstIndex(where: { $0.destinations.live.map(\.index) == wanted }) {
            lane = lanes.remove(at: found)
        } else {
            // Never one of the others that this range goes to: they stand last.
            while lanes.count >= max(Self.openLimit, others + 1) { try lanes.removeFirst().finish() }
            lane = ArchiveLane(group, point: point, limit: limit)
        }
        lanes.append(lane)
        return lane
    }

    /// Destinations that can share encrypted bytes stand together.
    static func groups(_ destinations: [Destination]) -> [[Destination]] {
        destinations.reduce(into: []) { groups, destination in
            let match = groups.firstIndex { $0[0].repository.sharesRecipients(with: destination.repository) }
            if let match { groups[match].append(destination) } else { groups.append([destination]) }
        }
    }
}
