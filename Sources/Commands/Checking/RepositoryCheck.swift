import Diagnostics
import Glibc
import Model
import Repository
import Streams
import Terminal

/// Whether one repository can take the next point of a plan, and give back the last one.
struct RepositoryCheck {
    /// What other checks need to know.
    struct Facts {
        var newest: Manifest?
        /// How long past backups took.
        var durations: [Duration] = []
    }

    let place: RepositoryPlace
    let context: CommandContext
    /// Nil when nothing names a plan: then only the place itself is looked at.
    let plan: PlanName?
    /// Whether a backup into it is meant: that makes what is missing.
    let isBackedUpInto: Bool
    let keyring: Keyring

    private var now: Instant { context.now() }

    /// Free space that every repository needs, whatever the size of its points.
    private static let leastFreeBytes: Int64 = 64 << 20

    func run(_ list: inout CheckList) -> Facts? {
        let store = list.attempt("repository") { try place.store(in: context) }
        guard let store, let repository = open(store, &list) else { return nil }
        return list.attempt("repository") {
            let session = try repository.beginSession(kind: .backup, plan: plan, base: nil, takesPoint: false)
            try session.end()
            return repository
        }
        .map { repository in
            let facts = look(into: repository, &list)
            checkSpace(repository, facts, &list)
            return facts
        }
    }

    /// The repository; nil, with a finding, where there is none: then the next backup makes one, or must not.
    private func open(_ store: any ObjectStore, _ list: inout CheckList) -> Repository? {
        do {
            return try Repository.open(store, keyring: keyring)
        } catch let error as Diagnostic where error.code == .repositoryMissing && isBackedUpInto {
            let isNew: Void? = list.attempt("repository") {
                // A place that cannot be had at all says so once more here.
                _ = try store.holdsOnly([])
                try BackupTask.requireNewPlace(store, place.name, keyring)
                if let folder = place.folder { try requireParent(of: folder) }
            }
            guard isNew != nil else { return nil }
            list.warn(
                "repository",
                "there is no repository in \(store.displayName); the next backup makes a new one",
                hint: "If there should be one, correct the place or mount its disk."
            )
        } catch {
            list.fail("repository", diagnostic(for: error))
        }
        return nil
    }

    private func requireParent(of folder: String) throws {
        let parent = folder.split(separator: "/").dropLast().joined(separator: "/")
        guard access("/" + parent, F_OK) != 0 else { return }
        throw Diagnostic(
            .fileAccess,
            "the repository folder '\(folder)' cannot be made",
            cause: "the folder above it does not exist",
            hint: "Create that folder first, or correct the path."
        )
    }

    private func look(into repository: Repository, _ list: inout CheckList) -> Facts {
        var facts = Facts()
        let found = list.attempt("repository") { () throws -> Found in
            let records = try repository.records(plan: plan)
            for stored in records {
                guard case .backup(let run) = stored.record.event, run.failure == nil else { continue }
                facts.durations.append(stored.record.finished - stored.record.started)
            }
            let stock = try repository.archiveStock()
            return Found(
                newest: try (plan.map { [$0] } ?? repository.plans()).map { try repository.newest(plan: $0) },
                evidence: Evidence(records),
                stock: stock,
                listed: try repository.listPoints(plan: plan).map(\.name)
            )
        }
        for remark in repository.remarks {
            list.warn("records", remark.summary, cause: remark.cause, hint: remark.hint)
        }
        warnOfOtherRecipients(of: repository, &list)
        guard let found else { return facts }
        facts.newest = plan == nil ? nil : found.newest.first?.point?.manifest
        let count = found.listed.count == 1 ? "1 point" : "\(found.listed.count) points"
        let age = facts.newest.map { ", the newest \((now - $0.recoveryInstant).inWords) old" } ?? ""
        list.ok("repository", "\(repository.displayName) opens and can be written, \(count)\(age)")
        found.judge(&list)
        return facts
    }

    /// Keys that were made here after a loss open nothing there, and neither does their escrow sheet.
    private func warnOfOtherRecipients(of repository: Repository, _ list: inout CheckList) {
        let theirs = repository.descriptor.recipients
        guard !keyring.recipients.isEmpty, Set(keyring.recipients).isDisjoint(with: theirs) else { return }
        list.warn(
            "keys",
            "neither the operator's identity nor the escrow sheet of this machine opens \(repository.displayName)",
            cause: "it is encrypted to \(theirs.joined(separator: ", "))",
            hint: "Keep the sheet and the identity of the machine that made it; see docs/machines.md."
        )
    }

    /// What is known of the points, without reading more than the newest.
    private struct Found {
        /// Of each plan.
        var newest: [NewestPoint]
        var evidence: Evidence
        var stock: ArchiveStock
        var listed: [PointName]

        func judge(_ list: inout CheckList) {
            let unreadable = newest.flatMap(\.damaged).map { ($0.point, $0.reason) }
            let points = newest.compactMap(\.point).map(KnownPoint.init)
            let named = Set(unreadable.map(\.0) + points.map(\.name))
            let bad = listed.filter { !named.contains($0) }.compactMap { name in
                evidence.problem(of: name, needing: []).map { (name, $0) }
            }
            for (point, reason) in (unreadable + bad).sorted(by: { $0.0 < $1.0 }) {
                list.warn(
                    "points",
                    "point '\(point)' is damaged",
                    cause: redacted(reason),
                    hint: "It does not count; put it back from another copy, or let it go."
                )
            }
            for point in evidence.vanished(among: listed) {
                list.fail("points", gone(point))
            }
            for point in points {
                if let problem = problem(of: point) { list.fail("points", broken(point.name, problem)) }
            }
        }

        private func problem(of point: KnownPoint) -> String? {
            stock.problem(of: point, isConfirmed: evidence.committed.contains(point.name))
                ?? evidence.problem(of: point.name, needing: point.uses.map(\.archive))
        }

        private func broken(_ point: PointName, _ reason: String) -> Diagnostic {
            Diagnostic(
                .objectCorrupt,
                "the newest point, '\(point)', cannot be restored from here as it is",
                cause: redacted(reason),
                hint: "Take a new backup now, and mend it with 'lifeboat verify --repair' if there is another copy."
            )
        }

        private func gone(_ point: PointName) -> Diagnostic {
            Diagnostic(
                .objectMissing,
                "point '\(point)' is gone, although no prune removed it",
                hint: "Find out who removed it; 'lifeboat repo sync' brings it back from another copy."
            )
        }
    }

    private func checkSpace(_ repository: Repository, _ facts: Facts, _ list: inout CheckList) {
        guard let free = list.attempt("space", { try place.freeBytes(in: context) }) ?? nil else { return }
        let last = facts.newest?.totals.bytesStored ?? 0
        let whole = facts.newest?.archives.reduce(Int64(0)) { $0 + $1.bytes } ?? 0
        let hint = "Make room, or run 'lifeboat prune' and see what can go."
        if free < last + Self.leastFreeBytes {
            list.fail(
                "space",
                Diagnostic(
                    .repositoryFull,
                    "\(repository.displayName) has \(byteText(free)) left",
                    cause: last > 0 ? "the last run stored \(byteText(last))" : nil,
                    hint: hint
                )
            )
        } else if free < whole * 2 {
            list.warn(
                "space",
                "\(byteText(free)) left in \(repository.displayName)",
                cause: "a point that reuses nothing needs about \(byteText(whole))",
                hint: hint
            )
        } else {
            list.ok("space", "\(byteText(free)) left in \(repository.displayName)")
        }
    }

    /// What is the same for two paths that lead to one folder; nil where there is none.
    static func identity(_ path: String) -> String? {
        var facts = stat()
        return stat(path, &facts) == 0 ? "\(facts.st_dev):\(facts.st_ino)" : nil
    }

    /// Whether losing the machine's own disk loses this repository.
    static func liesOnSystemDisk(_ path: String) -> Bool {
        var place = stat()
        var root = stat()
        return stat(path, &place) == 0 && stat("/", &root) == 0 && place.st_dev == root.st_dev
    }
}
