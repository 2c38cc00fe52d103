import AgeEncryption
import Diagnostics
package import Model
import Streams

/// A record that was read: signed, and in its place in the chain.
package struct StoredRecord: Sendable, Hashable {
    package var place: RecordPlace
    package var record: RunRecord
    /// SHA-256 of the object, hex; the next record of the chain names it.
    package var sha256: String
}

extension Repository {
    /// Appends to this machine's chain of the record's plan; fills in `previous`.
    ///
    /// The record's key is created conditionally: when another run of this machine was faster, the chain is read again
    /// and the record becomes the next link.
    @discardableResult
    package func append(_ record: RunRecord) throws -> StoredRecord {
        let signer = keyring.signer.verifyingKey.text
        var record = record
        for _ in 0..<Self.appendAttempts {
            let last = try lastRecord(plan: record.plan, signer: signer)
            record.previous = last?.sha256
            let place = RecordPlace(plan: record.plan, signer: signer, sequence: (last?.sequence ?? 0) + 1)
            let sealed = try sealRecord(record, at: place.key)
            do {
                try store.put(place.key, sealed)
            } catch let error as Diagnostic where error.code == .objectExists {
                // Our own bytes under the name mean that only the store's answer was lost.
                if try object(at: place.key) != sealed { continue }
            }
            return StoredRecord(place: place, record: record, sha256: Hex.encode(SHA256.digest(of: sealed)))
        }
        throw Diagnostic(
            .busy,
            "cannot write the record of plan '\(record.plan)': other runs of this machine are always faster",
            hint: "Try again.",
            retry: .later
        )
    }

    /// Every record of a plan, or of all, in the order in which the runs ended.
    ///
    /// Chains whose signer this machine does not know are passed over, and are among `remarks` from then on: anybody who
    /// can write here could otherwise stop every command. Throws `signature-invalid` naming the record when one of a known
    /// signer was changed, is missing, or does not continue its chain. With `remembering`, what this process has read
    /// before is not read again while the listing shows the same size and time. With `since`, by the store's clock, older
    /// ones are not read, and only their numbers are looked at.
    package func records(
        plan: PlanName? = nil,
        remembering: Bool = false,
        since: Instant? = nil
    ) throws -> [StoredRecord] {
        var records: [StoredRecord] = []
        // The chain that is being read, how many of its records came so far, and the last of them where it was read.
        var (chain, sequence, last) = ("", 0, StoredRecord?.none)
        for info in try store.list(Layout.records(of: plan)) {
            if chain.isEmpty || !info.key.text.hasPrefix(chain) {
                chain = String(info.key.text[...(info.key.text.lastIndex(of: "/") ?? info.key.text.startIndex)])
                (sequence, last) = (0, nil)
            }
            if let since, info.modified < since, info.key.text.hasSuffix(".record") {
                (sequence, last) = (sequence + 1, nil)
                continue
            }
            guard let place = Layout.recordPlace(info.key) else { continue }
            guard keyring.trustedSigners.contains(place.signer) else {
                said.passOver(UnknownChain(plan: place.plan, signer: place.signer))
                continue
            }
            guard place.sequence == sequence + 1 else {
                throw broken(place, "record \(sequence + 1) of this chain is missing")
            }
            let record = try (remembering ? recordShelf.record(info) : nil) ?? readRecord(place)
            if remembering { recordShelf.put(record, info) }
            // The hash of one that was not read is not known.
            let isUnknown = sequence > 0 && last == nil
            guard isUnknown || record.record.previous == last?.sha256 else {
                throw broken(place, "it does not name the record before it")
            }
            records.append(record)
            (sequence, last) = (place.sequence, record)
        }
        return records.sorted { Self.order($0) < Self.order($1) }
    }

    /// Reads one record; the chain around it is not looked at.
    package func readRecord(_ place: RecordPlace) throws -> StoredRecord {
        let text = "record '\(place.key)'"
        let envelope = try Envelope.open(try object(at: place.key), as: .record, at: place.key)
        try requireTrust(in: envelope.header.signer, of: text)
        guard envelope.header.signer == place.signer, let section = envelope.sections[Self.recordSection] else {
            throw Diagnostic(.signatureInvalid, "\(text) lies in the chain of another signer")
        }
        let json = try SealedText.open(section, with: readers, object: text)
        try FormatProbe.check(json, supported: RunRecord.currentFormat, object: text)
        let record = try CanonicalJSON.decode(RunRecord.self, from: json, object: text)
        guard record.plan == place.plan else {
            throw Diagnostic(.objectCorrupt, "\(text) is about plan '\(record.plan)'")
        }
        return StoredRecord(place: place, record: record, sha256: envelope.sha256)
    }

    private static let recordSection = "record"
    private static let appendAttempts = 50

    static func order(_ stored: StoredRecord) -> (Instant, String, String, Int) {
        (stored.record.finished, stored.place.plan.text, stored.place.signer, stored.place.sequence)
    }

    private func lastRecord(plan: PlanName, signer: String) throws -> (sequence: Int, sha256: String)? {
        let listed = try store.list(Layout.records(of: plan, signer: signer)).compactMap { info in
            Layout.recordPlace(info.key).map { (place: $0, bytes: info.bytes) }
        }
        guard let last = listed.max(by: { $0.place.sequence < $1.place.sequence }) else { return nil }
        let bytes = try object(at: last.place.key)
        // The next record names this hash for ever: a read that came up short must not break the chain.
        guard bytes.count == last.bytes else {
            throw Diagnostic(
                .repositoryStorage,
                "cannot continue the chain of records after '\(last.place.key)'",
                cause: "\(bytes.count) of its \(last.bytes) bytes were read",
                hint: "Try again.",
                retry: .later
            )
        }
        return (last.place.sequence, Hex.encode(SHA256.digest(of: bytes)))
    }

    private func sealRecord(_ record: RunRecord, at key: ObjectKey) throws -> [UInt8] {
        let section = try SealedText.seal(try CanonicalJSON.encode(record), to: try indexRecipients())
        return try Envelope.seal(.record, at: key, sections: [(Self.recordSection, section)], with: keyring.signer)
    }

    private func broken(_ place: RecordPlace, _ cause: String) -> Diagnostic {
        Diagnostic(
            .signatureInvalid,
            "the chain of records is broken at '\(place.key)'",
            cause: cause,
            hint: "Somebody removed or replaced records; compare with another copy of the repository."
        )
    }
}
