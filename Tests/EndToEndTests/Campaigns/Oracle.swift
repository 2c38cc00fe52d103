import AgeEncryption
import Catalog
import Diagnostics
import Model
import PostgresClient
import Repository
import Restore
import Streams
import TestSupport

/// Says which of the nine promises do not hold for a repository, after anything has happened to it.
///
/// Knows nothing of what happened but what a person would: what was there before, what had to stay, how the run ended.
struct Oracle {
    let keyring: Keyring
    let identities: [any Identity]
    /// Text that must be readable nowhere: rows, names, passwords, secret keys.
    let secrets: [String]

    /// An oracle for whoever holds the keys in `folder`: no marker and no secret key may be readable anywhere.
    init(keys folder: String, markers: [String]) throws {
        keyring = try Keyring.open(folder)
        identities = try keyring.identities { throw Diagnostic(.keyMissing, "no passphrase in this test") }
        let files = try Directory(folder).entries().filter { $0.kind == .file }
        let lines = try files.flatMap { file in
            try FileSource(path: folder + "/" + file.path).readAll(limit: 1 << 20).split(separator: UInt8(ascii: "\n"))
        }
        secrets =
            markers
            + lines.map { String(decoding: $0, as: UTF8.self) }.filter {
                $0.hasPrefix("AGE-SECRET-KEY-1") || $0.hasPrefix("LIFEBOAT-SIGNER-SECRET-1")
            }
    }

    /// What a run began with.
    struct Before {
        var objects: [ObjectKey: [UInt8]]
        /// The points that the run may not remove.
        var staying: Set<PointName>
        /// The one slot that the run may commit; nil for a run that commits nothing.
        var slot: PointName?
        var points: Set<PointName> { Set(objects.keys.compactMap(Layout.pointName)) }

        init(_ store: any ObjectStore, removable: Set<PointName> = [], slot: PointName? = nil) throws {
            objects = try contents(of: store)
            self.slot = slot
            staying = []
            staying = points.subtracting(removable)
        }
    }

    /// How a run ended, as its caller saw it.
    enum Ending {
        case succeeded
        case failed
        /// Nobody saw: it was killed, or its last answer was lost for good.
        case unseen
    }

    /// What is wrong with the repository itself: everything but I2 and I4, which need a database.
    func breaches(in store: any ObjectStore, since before: Before, _ ending: Ending) throws -> [Breach] {
        let objects = try contents(of: store)
        let repository = try Repository.open(store, keyring: keyring)
        let points = Set(try repository.listPoints().map(\.name))
        return try unsound(repository, points.sorted()) + missing(points, before) + changed(objects, before)
            + dishonest(points, before, ending) + readable(objects)
    }

    /// I1: every listed point reads, decrypts and hashes as recorded, and the chains of points and records hold.
    func unsound(_ repository: Repository, _ points: [PointName]) throws -> [Breach] {
        var found: [Breach] = []
        let run = try repository.verify(points, identities: identities, deep: true, stop: Stop())
        found += run.bad.map { Breach(promise: .complete, text: "point '\($0.point)' is bad: \($0.reason)") }
        guard found.isEmpty else { return found }
        do {
            for plan in Set(points.map(\.plan)) {
                found += try repository.verifyChain(plan: plan).map {
                    Breach(promise: .complete, text: "the chain is broken at '\($0.point)': \($0.reason)")
                }
            }
            _ = try repository.records()
            found += repository.brokenRecords.map {
                Breach(promise: .complete, text: "record '\($0.place.key)' is broken: \($0.reason)")
            }
        } catch {
            found.append(Breach(promise: .complete, text: "records or points do not read: \(error)"))
        }
        return found
    }

    /// I3: what had to stay is there.
    private func missing(_ points: Set<PointName>, _ before: Before) -> [Breach] {
        before.staying.subtracting(points).sorted().map { Breach(promise: .kept, text: "point '\($0)' is gone") }
    }

    /// I3 and I9: what is created once never changes, and nothing appears but the slot that was asked for.
    private func changed(_ objects: [ObjectKey: [UInt8]], _ before: Before) -> [Breach] {
        objects.compactMap { key, bytes in
            guard let old = before.objects[key] else { return nil }
            if key.text.hasPrefix(Layout.sessions + "/") || old == bytes { return nil }
            let promise: Promise = Layout.pointName(key) == nil ? .kept : .single
            return Breach(promise: promise, text: "'\(key)' was overwritten")
        }
    }

    /// I5, and I9 for a slot that nobody asked for.
    private func dishonest(_ points: Set<PointName>, _ before: Before, _ ending: Ending) -> [Breach] {
        let new = points.subtracting(before.points)
        var found = new.filter { $0 != before.slot }.map {
            Breach(promise: .single, text: "point '\($0)' appeared, and nobody asked for it")
        }
        guard let slot = before.slot else { return found }
        switch (ending, new.contains(slot)) {
        case (.succeeded, false): found.append(Breach(promise: .honest, text: "success was told and nothing committed"))
        case (.failed, true): found.append(Breach(promise: .honest, text: "failure was told and '\(slot)' committed"))
        default: break
        }
        return found
    }

    /// I6: archives and sections are age files, and no secret is readable anywhere.
    private func readable(_ objects: [ObjectKey: [UInt8]]) -> [Breach] {
        let magic = Array("age-encryption.org/v1\n".utf8)
        var found: [Breach] = []
        for (key, bytes) in objects {
            if Layout.archiveID(key) != nil, !bytes.starts(with: magic) {
                found.append(Breach(promise: .secret, text: "'\(key)' is not encrypted"))
            }
            if Layout.pointName(key) != nil || Layout.recordPlace(key) != nil {
                let body = bytes.drop { $0 != UInt8(ascii: "\n") }.dropFirst()
                if !body.starts(with: magic) { found.append(Breach(promise: .secret, text: "'\(key)' is readable")) }
            }
            found += exposed(bytes, in: "'\(key)'") + exposed(Array(key.text.utf8), in: "the name '\(key)'")
        }
        return found
    }

    /// I6: which secrets `bytes` shows.
    func exposed(_ bytes: [UInt8], in place: String) -> [Breach] {
        secrets.filter { bytes.holds(Array($0.utf8)) }.map {
            Breach(promise: .secret, text: "'\($0.prefix(12))…' is readable in \(place)")
        }
    }

    /// I6: which secrets the program shows in what it says; an error may name the table that it is about.
    func exposed(by answer: Answer) -> [Breach] {
        let errors = answer.errors.split(separator: "\n").map { line in
            secrets.filter { $0.hasPrefix("marker_of_a_table") && line.hasPrefix("error: ") }
                .reduce(String(line)) { $0.replacing("'public.\($1)'", with: "a table") }
        }
        return exposed(Array((answer.output + errors.joined(separator: "\n")).utf8), in: "what the program says")
    }

    /// I2 and I8: restores a point into a fresh database and compares it with the picture of the source.
    func unfaithful(_ store: any ObjectStore, _ point: PointName, _ picture: DatabasePicture) throws -> [Breach] {
        try withDatabase(options: "TEMPLATE template0") { target in
            do {
                try restore(point, from: store, into: target)
            } catch {
                return [Breach(promise: .faithful, text: "point '\(point)' does not restore: \(error)")]
            }
            let restored = try DatabasePicture(target)
            guard restored != picture else { return [] }
            let difference = restored.lines.difference(from: picture.lines)
            return [Breach(promise: .faithful, text: "point '\(point)' restores as another database: \(difference)")]
        }
    }

    /// The whole restore of one point.
    func restore(_ point: PointName, from store: any ObjectStore, into target: ConnectionSettings) throws {
        let repository = try Repository.open(store, keyring: keyring)
        var options = RestoreOptions()
        options.workers = 1
        _ = try Restorer(
            repository: repository,
            manifest: repository.readPoint(point).manifest,
            catalog: CatalogSection.decode(repository.readCatalog(point, identities: identities)),
            identities: identities,
            target: target,
            options: options,
            progress: RestoreProgress(),
            phases: PhaseRecorder()
        ).run(stop: Stop())
    }
}

extension Oracle.Before {
    func newPoints(in store: any ObjectStore) throws -> Set<PointName> {
        try Set(contents(of: store).keys.compactMap(Layout.pointName)).subtracting(points)
    }

    func with(slot: PointName?) -> Oracle.Before {
        var copy = self
        copy.slot = slot
        return copy
    }
}

/// Every object of a store with its bytes; one that is removed meanwhile is left out.
func contents(of store: any ObjectStore) throws -> [ObjectKey: [UInt8]] {
    var objects: [ObjectKey: [UInt8]] = [:]
    for info in try store.list("") { objects[info.key] = try store.get(info.key, limit: 256 << 20) }
    return objects
}

extension DatabasePicture {
    /// Everything of the picture, a line each.
    var lines: [String] { tables + sequences + largeObjects + schema }
}

extension [UInt8] {
    /// Whether `part` occurs in here.
    func holds(_ part: [UInt8]) -> Bool {
        guard let first = part.first, count >= part.count else { return false }
        return withUnsafeBytes { bytes in
            var start = 0
            while start + part.count <= bytes.count {
                guard let next = bytes[start...(bytes.count - part.count)].firstIndex(of: first) else { return false }
                if bytes[next..<next + part.count].elementsEqual(part) { return true }
                start = next + 1
            }
            return false
        }
    }
}
