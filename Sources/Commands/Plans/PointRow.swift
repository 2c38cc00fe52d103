import Diagnostics
import Model
import Repository
import Streams
import Terminal

/// The JSON answer of `points`.
struct PointRows: Encodable {
    var points: [PointRow]
    /// How many older points there are that are not shown.
    var older: Int
}

/// One copy of a point.
struct PointCopy: Encodable, Sendable {
    var repository: String
    var committed: Instant
    /// When a drill proved it, going by the records of that repository.
    var proven: Instant?
    /// When a drill of it failed last, and none has proven it since.
    var failed: Instant?
    /// What that drill found.
    var failure: String?
    /// Why it is held there.
    var held: String?
    /// Why this copy is not usable; nil when nothing is known against it.
    var damaged: String?

    init(_ row: PointRow, in repository: String) {
        self.repository = repository
        committed = row.committed
        proven = row.proven
        (failed, failure) = (row.failed, row.failure)
        held = row.held
        damaged = row.damaged
    }
}

/// One point as a list shows it.
struct PointRow: Encodable, Sendable {
    var name: PointName
    var recoveryInstant: Instant?
    var committed: Instant
    var bytesRepresented: Int64?
    var bytesRead: Int64?
    var bytesStored: Int64?
    var tables: Int?
    var rows: Int64?
    var proven: Instant?
    /// When a drill of it failed last, and none has proven it since.
    var failed: Instant?
    /// What that drill found.
    var failure: String?
    var held: String?
    /// Why no copy of the point is usable; nil when the signature and manifest of one are sound and no check found it bad.
    var damaged: String?
    /// Where it lies; nil where there is one repository only.
    var copies: [PointCopy]?
    /// How many repositories the plan has.
    private var repositories = 1

    private enum CodingKeys: String, CodingKey {
        case name, recoveryInstant, committed, bytesRepresented, bytesRead, bytesStored, tables, rows, proven, failed
        case failure, held, damaged, copies
    }

    init(name: PointName, committed: Instant) {
        self.name = name
        self.committed = committed
    }

    /// The newest `last` points of all repositories, or all of them, each once, and how many older ones there are.
    ///
    /// Only what is shown is read: its manifests, and the records that are as young as its oldest point.
    static func newest(
        _ last: Int?,
        in places: PlanRepositories,
        plan: PlanName?
    ) throws -> (rows: [PointRow], older: Int) {
        let listings = try places.opened.map { try $0.repository.listPoints(plan: plan) }
        let all = listings.count == 1 ? listings[0] : joined(listings)
        let newest = all.suffix(last ?? all.count)
        let shown = Set(newest.map(\.name))
        let rows = try zip(places.opened, listings).map { place, listing in
            let here = listings.count == 1 ? Array(newest) : listing.filter { shown.contains($0.name) }
            return (place.name, try read(here, in: place.repository, plan: plan))
        }
        let merged = places.count > 1 ? merge(rows, places.count, in: newest.map(\.name)) : rows.flatMap(\.1)
        return (merged, all.count - shown.count)
    }

    /// Every point of several repositories once, oldest first; each as it was taken first.
    private static func joined(_ listings: [[PointListing]]) -> [PointListing] {
        let now = Instant.now
        return Dictionary(listings.flatMap(\.self).map { ($0.name, $0) }) { $0.modified <= $1.modified ? $0 : $1 }
            .values.sorted { PointListing.isOlder($0, $1, now: now) }
    }

    /// One point, in all repositories.
    static func one(_ name: PointName, in places: PlanRepositories) throws -> PointRow? {
        let rows = try places.opened.map { place in
            let listing = try place.repository.listPoints(plan: name.plan).filter { $0.name == name }
            return (place.name, try read(listing, in: place.repository, plan: name.plan))
        }
        return (places.count > 1 ? merge(rows, places.count, in: [name]) : rows.flatMap(\.1)).first
    }

    private static func merge(
        _ rows: [(repository: String, rows: [PointRow])],
        _ count: Int,
        in order: [PointName]
    ) -> [PointRow] {
        var found: [PointName: PointRow] = [:]
        for (repository, rows) in rows {
            for row in rows {
                var copies = found[row.name]?.copies ?? []
                copies.append(PointCopy(row, in: repository))
                var merged = found[row.name].map { $0.joined(with: row) } ?? row
                merged.copies = copies
                merged.repositories = count
                found[row.name] = merged
            }
        }
        let order = Dictionary(order.enumerated().map { ($1, $0) }) { first, _ in first }
        return found.values.sorted { (order[$0.name] ?? 0) < (order[$1.name] ?? 0) }
    }

    /// The better of two copies, with what is known of either.
    private func joined(with other: PointRow) -> PointRow {
        var better = damaged == nil ? self : other
        better.committed = min(committed, other.committed)
        better.proven = [proven, other.proven].compactMap(\.self).max()
        let last = [self, other].compactMap { row in row.failed.map { (instant: $0, reason: row.failure) } }
            .max { $0.instant < $1.instant }
        (better.failed, better.failure) = (last?.instant, last?.reason)
        better.held = held ?? other.held
        return better
    }

    /// What is said of a point was said after it was there; clocks of stores step back a little.
    private static let clockMargin = Duration.seconds(3600)

    /// The archives, or why they cannot be listed, which makes every point there look damaged and stops nothing.
    private static func stock(of repository: Repository) throws -> Result<ArchiveStock, Diagnostic> {
        do {
            return .success(try repository.archiveStock())
        } catch let error as Diagnostic where error.code != .interrupted {
            return .failure(error)
        }
    }

    /// Reads the manifests of some points; a damaged one is listed as such and stops nothing.
    private static func read(
        _ listings: [PointListing],
        in repository: Repository,
        plan: PlanName?
    ) throws -> [PointRow] {
        guard let oldest = listings.map(\.modified).min() else { return [] }
        let evidence = try repository.evidence(plan: plan, since: oldest - clockMargin)
        let stock = try stock(of: repository)
        return try repository.eachPoint(listings) { listing in
            var row = PointRow(name: listing.name, committed: listing.modified)
            row.proven = evidence.proven[listing.name]
            let drill = evidence.findings.failedDrills[listing.name]
            (row.failed, row.failure) = (drill?.instant, drill?.reason)
            row.held = evidence.holds[listing.name]
            row.damaged = evidence.problem(of: listing.name, needing: [])
            do {
                let stored = try repository.readPoint(listing.name)
                let known = KnownPoint(stored)
                row.damaged =
                    try stock.get().problem(of: known, isConfirmed: evidence.committed.contains(listing.name))
                    ?? evidence.problem(of: listing.name, needing: known.uses.map(\.archive))
                let manifest = stored.manifest
                row.recoveryInstant = manifest.recoveryInstant
                row.bytesRepresented = manifest.totals.bytesRepresented
                row.bytesRead = manifest.totals.bytesRead
                row.bytesStored = stored.bytesStored
                row.rows = manifest.totals.rows
                row.tables = manifest.tables.count
            } catch let error as Diagnostic {
                row.damaged = error.cause ?? error.summary
            }
            return row
        }
    }

    /// The state in a word or two.
    var styledState: StyledText {
        if let damaged { return StyledText("damaged: \(damaged)", .red) }
        let marks = [
            proven.map { _ in "proven" + Self.place(copies) { $0.proven != nil } },
            failure.map { "drill failed" + Self.place(copies) { $0.failed != nil } + ": \($0)" },
            held.map { "held" + Self.place(copies) { $0.held != nil } + ": \($0)" },
        ].compactMap(\.self)
        let ink: Ink? = failure != nil ? .red : proven != nil ? .green : nil
        return marks.isEmpty ? "not proven" : StyledText(marks.joined(separator: ", "), ink)
    }

    /// Where something holds that does not hold of every copy: " in local only".
    private static func place(_ copies: [PointCopy]?, _ holds: (PointCopy) -> Bool) -> String {
        let places = (copies ?? []).filter(holds).map(\.repository)
        return places.count == copies?.count || places.isEmpty ? "" : " in \(places.joined(separator: ", ")) only"
    }

    /// The sound copies by name, the others with what is wrong.
    var styledCopies: StyledText {
        guard let copies else { return "" }
        let sound = copies.filter { $0.damaged == nil }.map(\.repository)
        let bad = copies.filter { $0.damaged != nil }.map { "\($0.repository) is damaged" }
        let isWhole = sound.count == repositories
        let text = ["\(sound.count) of \(repositories): " + (sound + bad).joined(separator: ", ")]
        return StyledText(text.joined(), isWhole ? nil : .yellow)
    }
}
