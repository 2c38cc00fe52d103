import AgeEncryption
import Diagnostics
package import Model

/// Archives of which the kept points use less than half, and which the next backup could do without.
///
/// An archive is immutable, its manifest is signed, and the host that prunes may hold no key that opens either; so an
/// archive is never rewritten. Its live ranges are read from the database again by the next backup, which then no longer
/// refers to it, and it goes when retention lets the last older point go. Pure.
package struct RepackPlan: Sendable, Hashable {
    package struct Candidate: Sendable, Hashable {
        package var archive: ArchiveID
        package var bytes: Int64
        /// The most that any kept point uses of it; the next backup reads about as much again.
        package var liveBytes: Int64
    }

    /// Smaller archives are not worth a second reading.
    static let smallestArchive: Int64 = 64 << 10

    package var candidates: [Candidate] = []

    /// Nothing at all.
    package static let none = RepackPlan()

    private init() {}

    init(_ kept: [KnownPoint], in facts: PruneFacts) {
        var live: [ArchiveID: Int64] = [:]
        for use in kept.flatMap(\.uses) { live[use.archive] = max(live[use.archive] ?? 0, use.liveBytes) }
        let newest = Dictionary(grouping: kept, by: \.name.plan).values.compactMap { $0.max(by: KnownPoint.isOlder) }
        // What only older points refer to goes with them, without being read again.
        let current = Set(newest.flatMap(\.uses).map(\.archive))
        candidates = facts.archives.compactMap { archive in
            guard current.contains(archive.id), archive.bytes >= Self.smallestArchive,
                let alive = live[archive.id], alive * 2 < archive.bytes
            else { return nil }
            return Candidate(archive: archive.id, bytes: archive.bytes, liveBytes: alive)
        }
    }

    package var bytes: Int64 { candidates.reduce(0) { $0 + $1.bytes } }
    package var liveBytes: Int64 { candidates.reduce(0) { $0 + $1.liveBytes } }
}

/// Which archives the next backups may take ranges from.
package struct ReusableArchives: Sendable {
    /// By size, those that are there and stay.
    package var sizes: [ArchiveID: Int64]
    /// Those that are there and are to be read again.
    package var repacked: Set<ArchiveID>
    /// Those that a verification or a drill found damaged, as long as nothing has found them mended.
    package var damaged: Set<ArchiveID> = []

    /// Nothing to take from.
    package static let none = ReusableArchives(sizes: [:], repacked: [])
}

extension Repository {
    /// The archives that a new point may refer to: present, not condemned, not known to be damaged since `base` was
    /// taken, and not marked for reading again.
    ///
    /// What was condemned once is never referred to again, so that a prune which is about to delete it can be sure.
    package func reusableArchives(extending base: StoredPoint? = nil) throws -> ReusableArchives {
        let condemned = Set(try condemnedLists().flatMap(\.archives))
        let marked = try repackLists().flatMap(\.archives)
        let listed = try listArchives()
        let present = Set(listed.map(\.id))
        let repacked = Set(marked).intersection(present)
        guard let damaged = try damagedIfReadable(base) else { return .none }
        let usable = listed.filter { archive in
            !condemned.contains(archive.id) && !repacked.contains(archive.id) && !damaged.contains(archive.id)
        }
        return ReusableArchives(
            sizes: Dictionary(usable.map { ($0.id, $0.bytes) }) { first, _ in first },
            repacked: repacked,
            damaged: damaged.intersection(present)
        )
    }

    /// What was found damaged since the base; nil, with a remark, where records are not for this machine to read: one of them
    /// may call anything damaged.
    private func damagedIfReadable(_ base: StoredPoint?) throws -> Set<ArchiveID>? {
        do {
            return try base.map(damagedArchives) ?? []
        } catch let error as Diagnostic where error.code == .keyWrong {
            said.add(
                Diagnostic(
                    .keyWrong,
                    "everything was read: what other machines recorded in \(displayName) cannot be read by this one",
                    cause: "they may have found damage",
                    hint: "Have one of them run 'lifeboat repo admit \(keyring.host.recipient.text)'."
                )
            )
            return nil
        }
    }

    /// Marks what a plan proposes, so that the next backups read it again; those marked before are left out.
    ///
    /// Returns what is marked now. The mark is signed: whoever can only write here cannot make backups read more.
    package func repack(_ plan: RepackPlan) throws -> [RepackPlan.Candidate] {
        let lists = try repackLists()
        let marked = Set(lists.flatMap(\.archives))
        let fresh = plan.candidates.filter { !marked.contains($0.archive) }
        guard !fresh.isEmpty else { return [] }
        let numbers = try store.list(Layout.repacks).compactMap { Layout.repackNumber($0.key) }
        let key = Layout.repack((numbers.max() ?? 0) + 1)
        let list = try CanonicalJSON.encode(CondemnedList(archives: fresh.map(\.archive)))
        let section = try SealedText.seal(list, to: try indexRecipients())
        let sections = [(Self.repackSection, section)]
        try store.put(key, try Envelope.seal(.repack, at: key, sections: sections, with: keyring.signer))
        return fresh
    }

    /// Removes marks of which no archive is left.
    func removeSpentRepacks(_ left: Set<ArchiveID>) throws {
        for list in try repackLists() where left.isDisjoint(with: list.archives) {
            try removeIfAllowed(Layout.repack(list.number))
        }
    }

    private static let repackSection = "repack"

    private func repackLists() throws -> [(number: Int, archives: [ArchiveID])] {
        try store.list(Layout.repacks).compactMap { info in
            guard let number = Layout.repackNumber(info.key) else { return nil }
            do {
                let envelope = try Envelope.open(try object(at: info.key), as: .repack, at: info.key)
                try requireTrust(in: envelope.header.signer, of: "'\(info.key)'")
                guard let section = envelope.sections[Self.repackSection] else { return nil }
                let json = try readers.open(section, object: "'\(info.key)'")
                try FormatProbe.check(json, supported: CondemnedList.currentFormat, object: "'\(info.key)'")
                let list = try CanonicalJSON.decode(CondemnedList.self, from: json, object: "'\(info.key)'")
                return (number, list.archives)
            } catch let error as Diagnostic where error.isAboutOneObject {
                // It asks for more reading and for nothing else; one that cannot be believed is no reason to fail.
                return nil
            }
        }
    }
}
