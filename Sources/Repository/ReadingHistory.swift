package import Model
package import Policy

/// When the archives of a plan were last read back whole, as its records tell.
///
/// Records survive the machine that wrote them, and a prune. Only this plan's records count: another plan's points need
/// other archives.
package struct ReadingHistory: Sendable {
    private let records: [RunRecord]

    /// Takes the records of one plan.
    package init(_ records: [StoredRecord]) { self.records = records.map(\.record) }

    /// The sampled runs so far.
    package var sampledRuns: [Instant] {
        records.compactMap { record in
            guard case .verify(let run) = record.event, run.sample != nil else { return nil }
            return record.finished
        }
    }

    /// Everything that `manifests` need, with the time of its last reading, and of its writing where there was none.
    package func items(_ manifests: [Manifest], now: Instant) -> [ReadingSample.Item] {
        let byPoint = Dictionary(manifests.map { ($0.point, $0.archives) }) { first, _ in first }
        var read: [ArchiveID: Instant] = [:]
        for record in records {
            guard case .verify(let run) = record.event else { continue }
            let bad = Set(run.bad.map(\.point))
            let whole = run.points.filter { !bad.contains($0) }.flatMap { byPoint[$0] ?? [] }.map(\.id)
            for id in (run.sample?.archives ?? whole) { read[id] = max(read[id] ?? record.finished, record.finished) }
        }
        let facts = Dictionary(manifests.flatMap(\.archives).map { ($0.id, $0) }) { first, _ in first }
        return facts.values.map { archive in
            let written = archive.writtenIn.slot.instant
            return ReadingSample.Item(
                id: archive.id,
                bytes: archive.bytes,
                // A clock may have been ahead: nothing was read in the future.
                lastRead: min(now, read[archive.id] ?? written)
            )
        }
    }
}

/// A promise that everything is read again within some time, and what is known of what was read.
package struct VerifySampling: Sendable {
    package var within: Duration
    package var history: ReadingHistory
    package var now: Instant

    /// Creates the promise.
    package init(within: Duration, history: ReadingHistory, now: Instant) {
        self.within = within
        self.history = history
        self.now = now
    }

    func choose(among manifests: [Manifest]) -> ReadingSample {
        ReadingSample(history.items(manifests, now: now), within: within, earlier: history.sampledRuns, now: now)
    }
}
