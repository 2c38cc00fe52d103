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
    /// Where it stands among the records of all chains: what it says of a point counts until a later one says otherwise.
    ///
    /// Not before its own end, nor before any record of its chain: clocks step back, and chains do not.
    package var folded: Instant

    /// Creates a record as it was read, without its chain.
    init(place: RecordPlace, record: RunRecord, sha256: String) {
        self.place = place
        self.record = record
        self.sha256 = sha256
        folded = record.foldedAt ?? record.finished
    }
}

extension Repository {
    /// Appends to this machine's chain of the record's plan; fills in `previous`, and `foldedAt` where it must.
    ///
    /// The record's key is created conditionally: when another run of this machine was faster, the chain is read again
    /// and the record becomes the next link. It continues the last record that is this machine's own; what lies behind
    /// that under this machine's name is damaged or planted, is never built on, and its number never used.
    @discardableResult
    package func append(_ record: RunRecord) throws -> StoredRecord {
        guard !descriptor.capabilities.createsExclusively else { return try link(record) }
        // Of two that find the number free the later would overwrite the record of the other. All that sign with this key
        // do so on this machine, whatever else they do.
        return try keyring.alone { try link(record) }
    }

    private func link(_ record: RunRecord) throws -> StoredRecord {
        let signer = keyring.signer.verifyingKey.text
        var record = record
        for _ in 0..<Self.appendAttempts {
            let end = try endOfRecords(plan: record.plan, signer: signer)
            record.previous = end.sha256
            record.foldedAt = end.latest.flatMap { $0 < record.finished ? nil : $0 + .milliseconds(1) }
            let place = RecordPlace(plan: record.plan, signer: signer, sequence: end.next)
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

    /// Reads one record; the chain around it is not looked at.
    package func readRecord(_ place: RecordPlace) throws -> StoredRecord {
        try record(in: try openRecord(place, try object(at: place.key)), at: place)
    }

    /// The signed object of a record, not yet decrypted.
    func openRecord(_ place: RecordPlace, _ object: [UInt8]) throws -> Envelope {
        let text = "record '\(place.key)'"
        let envelope = try Envelope.ofRecord(object, at: place.key)
        try requireTrust(in: envelope.header.signer, of: text)
        guard envelope.header.signer == place.signer else {
            throw Diagnostic(.signatureInvalid, "\(text) lies in the chain of another signer")
        }
        return envelope
    }

    /// What a signed object says.
    func record(in envelope: Envelope, at place: RecordPlace) throws -> StoredRecord {
        let text = "record '\(place.key)'"
        guard let section = envelope.sections[Self.recordSection] else {
            throw Diagnostic(.objectCorrupt, "\(text) has no section of that name")
        }
        let json = try readers.open(section, object: text)
        try FormatProbe.check(json, supported: RunRecord.currentFormat, object: text)
        let record = try CanonicalJSON.decode(RunRecord.self, from: json, object: text)
        guard record.plan == place.plan else {
            throw Diagnostic(.objectCorrupt, "\(text) is about plan '\(record.plan)'")
        }
        return StoredRecord(place: place, record: record, sha256: envelope.sha256)
    }

    private static let recordSection = "record"
    private static let appendAttempts = 50

    private func sealRecord(_ record: RunRecord, at key: ObjectKey) throws -> [UInt8] {
        let section = try SealedText.seal(try CanonicalJSON.encode(record), to: try indexRecipients())
        return try Envelope.seal(.record, at: key, sections: [(Self.recordSection, section)], with: keyring.signer)
    }
}

extension Envelope {
    /// A record's envelope; one of an unknown format is damaged as far as anybody here can tell, for its signature cannot
    /// be checked either, and whoever may write here could otherwise stop every reader with it.
    fileprivate static func ofRecord(_ object: [UInt8], at key: ObjectKey) throws -> Envelope {
        do {
            return try open(object, as: .record, at: key)
        } catch let error as Diagnostic where error.code == .repositoryFormat {
            throw Diagnostic(
                .objectCorrupt,
                "record '\(key)' cannot be read",
                cause: "it is damaged, or of a format that this version does not know"
            )
        }
    }
}
