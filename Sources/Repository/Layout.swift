package import Model

/// Where everything lies in a repository, version 1 (`docs/format.md`).
package enum Layout {
    package static let points = "points"
    package static let archives = "archives"
    package static let records = "records"
    package static let sessions = "sessions"
    package static let condemned = "condemned"
    package static let descriptors = "repository"
    package static let repacks = "repack"

    /// How to restore without Lifeboat.
    package static let recoveryGuide = ObjectKey(joining: ["RECOVERY.md"])

    /// An empty object that is written to learn the store's time.
    package static let clock = ObjectKey(joining: [sessions, "clock"])

    /// `repository/<n>.json`.
    package static func descriptor(_ number: Int) -> ObjectKey {
        ObjectKey(joining: [descriptors, "\(number).json"])
    }

    /// The number in a descriptor's key; nil when it is another object.
    package static func descriptorNumber(_ key: ObjectKey) -> Int? {
        guard let name = key.components.last, name.hasSuffix(".json"), name.utf8.count <= 14,
            let number = Int(name.dropLast(".json".count)), number > 0, descriptor(number) == key
        else { return nil }
        return number
    }

    /// `archives/<2 hex>/<id>.tar.age`.
    package static func archive(_ id: ArchiveID) -> ObjectKey {
        ObjectKey(joining: [archives, String(id.text.prefix(2)), "\(id).tar.age"])
    }

    /// The archive a key names; nil when it is another object.
    package static func archiveID(_ key: ObjectKey) -> ArchiveID? {
        guard let name = key.components.last, let id = ArchiveID(String(name.prefix(32))), archive(id) == key
        else { return nil }
        return id
    }

    /// `points/<plan>/<yyyy>/<mm>/<slot>.point`.
    package static func point(_ name: PointName) -> ObjectKey {
        let slot = name.slot
        return ObjectKey(joining: [points, name.plan.pathComponent, slot.year, slot.month, "\(slot).point"])
    }

    /// The point a key names; nil when it is another object.
    package static func pointName(_ key: ObjectKey) -> PointName? {
        var reader = PointKeyReader()
        return reader.name(key)
    }

    /// The folder of one plan's points.
    package static func points(of plan: PlanName?) -> String {
        plan.map { "\(points)/\($0.pathComponent)" } ?? points
    }

    /// `records/<plan>/<signer>/<seq>.record`.
    package static func record(_ plan: PlanName, signer: String, sequence: Int) -> ObjectKey {
        ObjectKey(joining: [records, plan.pathComponent, signer, padded(sequence, 9) + ".record"])
    }

    /// The folder of one plan's records, of every signer or of one.
    package static func records(of plan: PlanName?, signer: String? = nil) -> String {
        guard let plan else { return records }
        return "\(records)/\(plan.pathComponent)" + (signer.map { "/\($0)" } ?? "")
    }

    /// Where a record stands; nil when the key is another object.
    package static func recordPlace(_ key: ObjectKey) -> RecordPlace? {
        let parts = key.components
        guard parts.count == 4, parts[0] == records, parts[3].hasSuffix(".record"),
            let plan = percentDecoded(String(parts[1])).flatMap(PlanName.init),
            let sequence = Int(parts[3].dropLast(".record".count)), sequence > 0, sequence <= RecordPlace.lastSequence,
            padded(sequence, 9) == parts[3].dropLast(".record".count)
        else { return nil }
        return RecordPlace(plan: plan, signer: String(parts[2]), sequence: sequence)
    }

    /// `sessions/<id>`.
    package static func session(_ id: String) -> ObjectKey { ObjectKey(joining: [sessions, id]) }

    /// `condemned/<epoch>`.
    package static func condemned(_ epoch: Int) -> ObjectKey { ObjectKey(joining: [condemned, padded(epoch, 9)]) }

    /// `census/<signer>/<n>`: what that machine's last prune saw.
    static func census(signer: String, number: Int) -> ObjectKey {
        ObjectKey(joining: ["census", signer, padded(number, 9)])
    }

    /// The folder of one machine's censuses.
    static func censuses(signer: String) -> String { "census/\(signer)" }

    /// The number in a census's key; nil when it is another object.
    static func censusNumber(_ key: ObjectKey) -> Int? {
        let parts = key.components
        guard parts.count == 3, let number = Int(parts[2]), number > 0,
            census(signer: String(parts[1]), number: number) == key
        else { return nil }
        return number
    }

    /// `repack/<n>`: archives that the next backups read again instead of building on them.
    static func repack(_ number: Int) -> ObjectKey { ObjectKey(joining: [repacks, padded(number, 9)]) }

    /// The number in the key of such a list; nil when it is another object.
    static func repackNumber(_ key: ObjectKey) -> Int? {
        guard let number = key.components.last.flatMap({ Int($0) }), number > 0, repack(number) == key else {
            return nil
        }
        return number
    }

    /// The epoch in a condemned list's key; nil when it is another object.
    package static func condemnedEpoch(_ key: ObjectKey) -> Int? {
        guard let epoch = key.components.last.flatMap({ Int($0) }), epoch > 0, condemned(epoch) == key else {
            return nil
        }
        return epoch
    }
}

/// Where a record stands: plan, signer, and its number in their chain.
package struct RecordPlace: Sendable, Hashable {
    package var plan: PlanName
    package var signer: String
    /// 1 for the first.
    package var sequence: Int

    /// The last number that has nine digits.
    static let lastSequence = 999_999_999

    package var key: ObjectKey { Layout.record(plan, signer: signer, sequence: sequence) }
}
