package import Catalog
package import Model

/// In which order a database is filled; pure.
struct FillingPlan: Sendable {
    /// One thing to do, and what it waits for.
    struct Job: Sendable {
        var work: Work
        var ordering: DependencyQueue.Job
    }

    enum Work: Sendable {
        case load(TableData)
        case largeObjects(LargeObjectData)
        /// Nothing is done: tables wait for it that call functions while they are loaded, and these may look at any other.
        case othersLoaded
        /// Looks after such tables when all of them are loaded.
        case settle([TableData])
        /// Nothing is done: definitions wait for it that may look at any table.
        case everythingLoaded
        case build(RestoreStep)
        case analyze([TableData])

        /// What the time is booked under.
        enum Phase: String {
            case load
            case build = "indexes and constraints"
            case analyze
        }

        /// COPY text that goes into the database.
        var bytes: Int64? {
            switch self {
            case .load(let table): table.textBytes
            case .largeObjects(let data): data.ranges.reduce(0) { $0 + $1.textBytes }
            case .othersLoaded, .settle, .everythingLoaded, .build, .analyze: nil
            }
        }

        /// The table that is loaded.
        var table: TableData? {
            if case .load(let table) = self { table } else { nil }
        }

        /// What is built.
        var step: RestoreStep? {
            if case .build(let step) = self { step } else { nil }
        }

        var phase: Phase? {
            switch self {
            case .load, .largeObjects, .settle: .load
            case .othersLoaded, .everythingLoaded: nil
            case .build: .build
            case .analyze: .analyze
            }
        }
    }

    private(set) var jobs: [Job] = []

    /// An index costs about as long per row as loading so many bytes of text (measured).
    private static let indexBytesPerRow: Int64 = 40
    /// Small tables are analyzed a fistful per statement: 10,000 of them should not cost 10,000 round trips.
    private static let analyzeBatch = 16
    private static let smallBytes: Int64 = 1 << 20
    /// The group of loads into small tables that certainly are empty.
    static let smallLoads = 0
    /// What weighs less shares a transaction with others of its group: loads, steps that the loader does, other steps.
    private static let lightWeight: Int64 = 64 << 10

    private var loads: [ObjectIdentity: Int] = [:]
    private var numbers: [ObjectIdentity: Int] = [:]

    /// Plans for `tables` and `steps`, whose `after` are positions in the same list.
    ///
    /// `calling` says of an object whether building it may run functions of the database: these may look at any table.
    /// `isNew` says of a table whether this restore has made it, so that it certainly is empty; `isLate`, whether its rows
    /// are loaded after those of all others (see `CallingTables`).
    init(
        _ tables: [TableData],
        largeObjects: LargeObjectData?,
        steps: [RestoreStep],
        calling: (ObjectIdentity) -> Bool,
        isNew: (ObjectIdentity) -> Bool = { _ in false },
        isLate: (ObjectIdentity) -> Bool = { _ in false }
    ) {
        addLoads(tables.filter { !isLate($0.identity) }, steps, isNew)
        addLateLoads(tables.filter { isLate($0.identity) }, steps, isNew)
        if let largeObjects {
            let bytes = largeObjects.ranges.reduce(0) { $0 + $1.textBytes }
            add(.largeObjects(largeObjects), after: [], weight: bytes)
        }
        let loaded = jobs.count
        add(.everythingLoaded, after: Array(0..<loaded), weight: .max)
        let first = jobs.count
        let rows = Dictionary(
            tables.map { ($0.identity, $0.proof.rows) },
            uniquingKeysWith: { first, _ in first }
        )
        var users: [ObjectIdentity: [Int]] = [:]
        for (offset, step) in steps.enumerated() {
            let isCalling = calling(step.object)
            let needed = isEarly(step) && !isCalling ? step.locks.compactMap { loads[$0.table] } : [loaded]
            for lock in step.locks { users[lock.table, default: []].append(first + offset) }
            let isCostly = [.index, .constraint, .foreignKey].contains(step.object.kind) && step.action == .create
            add(
                .build(step),
                after: step.after.map { first + $0 } + needed,
                locking: step.locks.map(\.table),
                shared: step.locks.allSatisfy { !$0.isExclusive },
                weight: isCostly ? step.locks.reduce(1) { $0 + (rows[$1.table] ?? 0) * Self.indexBytesPerRow } : 1,
                group: isCalling || !step.locks.allSatisfy { rows[$0.table] != nil } ? nil : Self.group(of: step)
            )
        }
        addStatistics(tables, users)
    }

    /// Which small steps may share a transaction: those of one session.
    ///
    /// Not what may look at any table, which must not hold the locks of others meanwhile, and not what nobody knows the
    /// size of, as a foreign key of a partitioned table.
    private static func group(of step: RestoreStep) -> Int { LoaderRole.runs(step) ? 1 : 2 }

    /// How much memory a session may sort in, so that all of them together stay within half a GiB.
    static func sortingKilobytes(workers: Int) -> Int { (512 << 10) / max(1, workers) }

    /// The largest first, indexes included: what takes longest begins first.
    private mutating func addLoads(
        _ tables: [TableData],
        _ steps: [RestoreStep],
        _ isNew: (ObjectIdentity) -> Bool,
        after others: [Int] = []
    ) {
        var indexes: [ObjectIdentity: Int64] = [:]
        for step in steps where [.index, .constraint].contains(step.object.kind) && step.action == .create {
            for lock in step.locks { indexes[lock.table, default: 0] += 1 }
        }
        for table in tables.sorted(by: Self.liesBefore) {
            let identity = table.identity
            let weight = table.textBytes + table.proof.rows * Self.indexBytesPerRow * (indexes[identity] ?? 0)
            loads[identity] = jobs.count
            let isSmall = weight <= Self.lightWeight && table.condition == nil && isNew(identity)
            add(
                .load(table),
                after: others,
                locking: [identity],
                // Of one weight they are taken as they lie in the archives: neighbours are read together.
                weight: isSmall ? Self.lightWeight : weight,
                group: isSmall ? Self.smallLoads : nil
            )
        }
    }

    /// What needs their rows waits until they are settled: they may be loaded twice.
    private mutating func addLateLoads(
        _ tables: [TableData],
        _ steps: [RestoreStep],
        _ isNew: (ObjectIdentity) -> Bool
    ) {
        guard !tables.isEmpty else { return }
        let first = jobs.count
        add(.othersLoaded, after: Array(0..<first), weight: .max)
        // One after the other: two that look into each other while both are loaded would wait for each other.
        for table in tables.sorted(by: Self.liesBefore) {
            addLoads([table], steps, isNew, after: [jobs.count - 1])
        }
        let settled = jobs.count
        add(.settle(tables), after: Array(first + 1..<settled), locking: tables.map(\.identity), weight: .max)
        for table in tables { loads[table.identity] = settled }
    }

    /// Whether a table's rows come before another's where they are stored.
    private static func liesBefore(_ a: TableData, _ b: TableData) -> Bool {
        guard let a = a.ranges.first?.location, let b = b.ranges.first?.location else { return !b.ranges.isEmpty }
        return a.archive == b.archive ? a.offset < b.offset : a.archive.text < b.archive.text
    }

    /// After everything that locks the table: statistics of an index's expressions need the index.
    private mutating func addStatistics(_ tables: [TableData], _ users: [ObjectIdentity: [Int]]) {
        var batch: [TableData] = []
        func flush(_ plan: inout FillingPlan) {
            guard !batch.isEmpty else { return }
            let names = batch.map(\.identity)
            let after = names.flatMap { name in (plan.loads[name].map { [$0] } ?? []) + (users[name] ?? []) }
            plan.add(.analyze(batch), after: Array(Set(after)).sorted(), locking: names, weight: 0)
            batch = []
        }
        for table in tables.filter({ $0.proof.rows > 0 }).sorted(by: { $1.textBytes < $0.textBytes }) {
            batch.append(table)
            if table.textBytes >= Self.smallBytes || batch.count == Self.analyzeBatch { flush(&self) }
        }
        flush(&self)
    }

    /// Whether a step needs the rows of no other tables than those it locks.
    private func isEarly(_ step: RestoreStep) -> Bool {
        guard [.index, .constraint, .foreignKey].contains(step.object.kind), step.action == .create else {
            return false
        }
        return !step.locks.isEmpty && step.locks.allSatisfy { loads[$0.table] != nil }
    }

    private mutating func add(
        _ work: Work,
        after: [Int],
        locking tables: [ObjectIdentity] = [],
        shared: Bool = false,
        weight: Int64,
        group: Int? = nil
    ) {
        let resources = tables.map { table -> Int in
            if let known = numbers[table] { return known }
            numbers[table] = numbers.count
            return numbers.count - 1
        }
        let ordering = DependencyQueue.Job(
            prerequisites: after,
            resources: Set(resources),
            sharesResources: shared,
            weight: weight,
            group: weight <= Self.lightWeight ? group : nil
        )
        jobs.append(Job(work: work, ordering: ordering))
    }
}

extension TableData {
    /// The table as the catalog names it.
    package var identity: ObjectIdentity { ObjectIdentity(.table, schema: schema, name: name) }
}
