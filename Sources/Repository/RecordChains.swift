import AgeEncryption
import Diagnostics
package import Model

/// A place in a chain of records where a record is damaged, planted or missing, or is not what the next one names.
package struct BrokenLink: Sendable, Hashable {
    package var place: RecordPlace
    package var reason: String
}

/// Where the next record of a chain goes.
struct EndOfRecords {
    /// The first free number after the last record that is the signer's own.
    var next: Int
    /// The hash of that record; nil when there is none.
    var sha256: String?
    /// Until when the records of all chains of the plan reach, as their last ones tell.
    var latest: Instant?
}

extension Repository {
    /// Every record of a plan, or of all, in the order in which they are to be folded: each chain by its numbers, and
    /// between chains by `StoredRecord.folded`.
    ///
    /// Chains whose signer this machine does not know are passed over, and so is each record that was changed, planted or
    /// removed: anybody who can write here could otherwise stop every command. Both are among `remarks` from then on, and
    /// a prune refuses. Every other record counts, for each is signed together with its place. With `remembering`, what
    /// this process has read before is not read again while the listing shows the same size and time. With `since`, by the
    /// store's clock, older ones are not read, and only their numbers are looked at.
    package func records(
        plan: PlanName? = nil,
        remembering: Bool = false,
        since: Instant? = nil
    ) throws -> [StoredRecord] {
        var found: [StoredRecord] = []
        var broken: [BrokenLink] = []
        for (signer, links) in try recordChains(plan: plan) {
            guard let place = links.first?.place else { continue }
            guard keyring.trustedSigners.contains(signer.signer) else {
                said.passOver(UnknownChain(plan: place.plan, signer: place.signer))
                continue
            }
            let wanted = links.filter { link in since.map { link.info.modified >= $0 } ?? true }
            let read = try each(wanted) { try self.readLink($0, remembering: remembering) }
            let readings = Dictionary(zip(wanted.map(\.place), read)) { first, _ in first }
            var chain = ChainReading()
            for link in links {
                if let reading = readings[link.place] {
                    chain.add(reading, at: link.place)
                } else {
                    chain.skip(link.place)
                }
            }
            found += chain.records
            broken += chain.allBroken
        }
        let accepted = Set(found.flatMap(\.acceptedRecords))
        for link in broken where !accepted.contains(link.place.key.text) { said.note(link) }
        return found.sorted { Self.order($0) < Self.order($1) }
    }

    private static func order(_ stored: StoredRecord) -> (Instant, String, String, Int) {
        (stored.folded, stored.place.plan.text, stored.place.signer, stored.place.sequence)
    }

    /// What `append` continues.
    func endOfRecords(plan: PlanName, signer: String) throws -> EndOfRecords {
        var end = EndOfRecords(next: 1, sha256: nil, latest: nil)
        for (chain, links) in try recordChains(plan: plan) where keyring.trustedSigners.contains(chain.signer) {
            var last: StoredRecord?
            if chain.signer == signer {
                let own = try lastOwn(links)
                let taken = Set(links.map(\.place.sequence))
                let first = (own?.place.sequence ?? 0) + 1
                end.next = (first...max(first, RecordPlace.lastSequence)).first { !taken.contains($0) } ?? first
                end.sha256 = own?.envelope.sha256
                last = try own.flatMap { own in try readable { try record(in: own.envelope, at: own.place) } }
            } else {
                for link in links.suffix(Self.triesForLatest).reversed() where last == nil {
                    last = try readable { try readRecord(link.place) }
                }
            }
            if let last { end.latest = max(end.latest ?? last.folded, last.folded) }
        }
        return end
    }

    private static let triesForLatest = 3

    /// What cannot be read or opened has no say in when others end.
    private func readable(_ read: () throws -> StoredRecord) throws -> StoredRecord? {
        do {
            return try read()
        } catch let error as Diagnostic where error.isAboutOneObject || error.code == .keyWrong {
            return nil
        }
    }

    /// The last record of one's own chain whose signature holds.
    private func lastOwn(_ links: [RecordLink]) throws -> (place: RecordPlace, envelope: Envelope)? {
        for link in links.reversed() {
            let envelope = try twice { () throws -> Envelope in
                let bytes = try object(at: link.place.key)
                // The next record names this hash for ever: a read that came up short must not break the chain.
                guard bytes.count == link.info.bytes else { throw short(link, bytes.count) }
                return try openRecord(link.place, bytes)
            }
            if case .success(let envelope) = envelope { return (link.place, envelope) }
        }
        return nil
    }

    private func short(_ link: RecordLink, _ count: Int) -> Diagnostic {
        Diagnostic(
            .repositoryStorage,
            "cannot continue the chain of records after '\(link.place.key)'",
            cause: "\(count) of its \(link.info.bytes) bytes were read",
            hint: "Try again.",
            retry: .later
        )
    }

    /// The chains, each in the order of its numbers, whatever the order of the listing.
    private func recordChains(plan: PlanName?) throws -> [(chain: ChainName, links: [RecordLink])] {
        let links = try store.list(Layout.records(of: plan)).compactMap { info in
            Layout.recordPlace(info.key).map { RecordLink(place: $0, info: info) }
        }
        return Dictionary(grouping: links) { ChainName(plan: $0.place.plan, signer: $0.place.signer) }
            .sorted { ($0.key.plan.text, $0.key.signer) < ($1.key.plan.text, $1.key.signer) }
            .map { ($0.key, $0.value.sorted { $0.place.sequence < $1.place.sequence }) }
    }

    private func readLink(_ link: RecordLink, remembering: Bool) throws -> Result<StoredRecord, Diagnostic> {
        if remembering, let known = recordShelf.record(link.info) { return .success(known) }
        let read = try twice { try readRecord(link.place) }
        if case .success(let record) = read { recordShelf.put(record, link.info) }
        return read
    }

    /// What an object that cannot be believed is the second time: one misread must not be taken for damage.
    private func twice<Value>(_ read: () throws -> Value) throws -> Result<Value, Diagnostic> {
        if let first = try? read() { return .success(first) }
        do {
            return .success(try read())
        } catch let error as Diagnostic where error.isAboutOneObject {
            return .failure(error)
        }
    }
}

/// Whose records of which plan.
private struct ChainName: Hashable {
    var plan: PlanName
    var signer: String
}

/// A record as a listing shows it.
private struct RecordLink: Sendable {
    var place: RecordPlace
    var info: ObjectInfo
}

/// One chain on its way through a reader, by rising numbers.
private struct ChainReading {
    private(set) var records: [StoredRecord] = []
    private var broken: [BrokenLink] = []
    /// Damaged ones after the last that was read or skipped.
    private var pending: [BrokenLink] = []
    private var sequence = 0
    /// The hash of the last; nil before the first, and of one that was not read.
    private var sha256: String?
    private var wasSkipped = false
    private var folded: Instant?

    /// All that was found wrong, what stands at the end included.
    var allBroken: [BrokenLink] { broken + pending }

    /// Passes one by unread.
    mutating func skip(_ place: RecordPlace) {
        reach(place)
        (sha256, wasSkipped) = (nil, true)
    }

    mutating func add(_ read: Result<StoredRecord, Diagnostic>, at place: RecordPlace) {
        switch read {
        case .failure(let error):
            let reason = error.cause.map { "\(error.summary): \($0)" } ?? error.summary
            pending.append(BrokenLink(place: place, reason: reason))
        case .success(var record):
            let isNext = reach(place)
            // After a gap either hash may stand there: that of the lost record, or of the one before it.
            if isNext, !wasSkipped, record.record.previous != sha256 {
                broken.append(BrokenLink(place: place, reason: "it does not name the record before it"))
            }
            let position = max(record.folded, folded ?? record.folded)
            (record.folded, folded) = (position, position)
            records.append(record)
            (sha256, wasSkipped) = (record.sha256, false)
        }
    }

    /// Notes what is missing or damaged before a record; whether it is the next one.
    @discardableResult
    private mutating func reach(_ place: RecordPlace) -> Bool {
        defer { (sequence, pending) = (place.sequence, []) }
        broken += pending
        let seen = Set(pending.map(\.place.sequence))
        // One for each number: what is accepted of one gap says nothing of a longer one.
        for number in sequence + 1..<max(sequence + 1, place.sequence) where !seen.contains(number) {
            var gap = place
            gap.sequence = number
            broken.append(BrokenLink(place: gap, reason: "it is missing"))
        }
        return place.sequence == sequence + 1
    }
}

extension StoredRecord {
    /// The keys of broken links that an operator accepted by this record.
    fileprivate var acceptedRecords: [String] {
        guard case .prune(let run) = record.event else { return [] }
        return run.acceptedRecords ?? []
    }
}
