import Model
import Reports
import Repository
import Streams
import Terminal

/// One run as its record tells of it, in every repository that has such a record.
struct RunRow: Encodable, Sendable {
    enum Result: String, Encodable, Sendable {
        case done
        /// Done, but not everywhere, or not with everything.
        case partial
        case failed
    }

    var plan: PlanName
    /// `backup`, `drill`, `verify`, `prune`, `hold`, `sync`.
    var event: String
    var started: Instant
    var seconds: Double
    var result: Result
    /// What was done, or why not, in a sentence.
    var detail: String
    var point: PointName?
    var host: String
    var tool: String
    /// Who signed the record.
    var signer: String
    var repositories: [String]

    private init(_ stored: StoredRecord, in repository: String) {
        let record = stored.record
        let told = Told(record.event)
        plan = record.plan
        event = told.name
        started = record.started
        seconds = max(0, (record.finished - record.started).inSeconds)
        (result, detail, point) = (told.result, told.detail, told.point)
        (host, tool, signer) = (record.host, record.tool, stored.place.signer)
        repositories = [repository]
    }

    /// The runs of a plan, or of all, oldest first; one that is told alike in several repositories once.
    static func all(in places: PlanRepositories, plan: PlanName?) throws -> [RunRow] {
        var rows: [RunRow] = []
        var known: [String: Int] = [:]
        for place in places.opened {
            for stored in try place.repository.records(plan: plan) {
                let row = RunRow(stored, in: place.name)
                let told = "\(row.plan) \(row.event) \(row.started) \(row.host) \(row.signer) \(row.detail)"
                if let same = known[told] {
                    rows[same].repositories.append(place.name)
                } else {
                    known[told] = rows.count
                    rows.append(row)
                }
            }
        }
        return rows.sorted { ($0.started, $0.plan.text, $0.event) < ($1.started, $1.plan.text, $1.event) }
    }
}

/// What an event says, in words.
private struct Told {
    var name: String
    var result = RunRow.Result.done
    var detail: String
    var point: PointName?

    init(_ event: RunRecord.Event) {
        switch event {
        case .backup(let run): self.init(run)
        case .drill(let run): self.init(run)
        case .verify(let run): self.init(run)
        case .prune(let run): self.init(run)
        case .sync(let run): self.init(run)
        case .hold(let change):
            self.init(
                name: "hold",
                detail: change.reason.map { "held: \($0)" } ?? "released",
                point: change.point
            )
        }
    }

    private init(name: String, result: RunRow.Result = .done, detail: String, point: PointName? = nil) {
        (self.name, self.result, self.detail, self.point) = (name, result, detail, point)
    }

    private init(_ run: BackupRun) {
        let alarm = run.alarm.map { "; \($0.summary)" } ?? ""
        let missed = run.missed.map { "; not in \($0.joined(separator: ", "))" } ?? ""
        let stored = run.totals.map { "read \(byteText($0.bytesRead)), stored \(byteText($0.bytesStored))" }
        self.init(
            name: "backup",
            result: run.point == nil ? .failed : run.missed == nil && run.alarm == nil ? .done : .partial,
            detail: (run.failure.map(Self.text) ?? stored ?? "") + missed + alarm,
            point: run.point
        )
    }

    private init(_ run: DrillRun) {
        let time = run.recoverySeconds.map { ", recovered in \(secondsText($0))" } ?? ""
        let doubt = run.obstacle?.summary ?? run.notChecked.first.map { "\($0.object): \($0.reason)" }
        let detail =
            switch run.verdict {
            case .proven: "proven" + time
            case .failed: "failed: \(run.failureReason ?? "it failed")"
            case .unverified: "unverified" + (doubt.map { ": \($0)" } ?? "")
            }
        let result: RunRow.Result =
            run.verdict == .proven ? .done : run.verdict == .failed ? .failed : .partial
        self.init(name: "drill", result: result, detail: detail, point: run.point)
    }

    private init(_ run: VerifyRun) {
        let read = "\(byteText(run.bytesRead)) read"
        let bad = run.bad.first.map { "\(counted(run.bad.count, "point")) bad, \($0.point): \($0.reason)" }
        self.init(name: "verify", result: bad == nil ? .done : .failed, detail: bad ?? "nothing bad; \(read)")
    }

    private init(_ run: PruneRun) {
        let denied = run.denied.map { "; \(counted($0, "object")) not let go" } ?? ""
        let accepted = run.acceptedRecords.map { "; accepted \(counted($0.count, "damaged record"))" } ?? ""
        self.init(
            name: "prune",
            result: run.denied == nil ? .done : .partial,
            detail: "removed \(counted(run.removedPoints.count, "point")),"
                + " \(counted(run.removedArchives, "archive"))\(denied)\(accepted)"
        )
    }

    private init(_ run: SyncRun) {
        let failed = run.failed.first.map { "; not \($0.point): \($0.reason)" } ?? ""
        self.init(
            name: "sync",
            result: run.failed.isEmpty ? .done : .partial,
            detail: "\(counted(run.points.count, "point")) from repository \(run.source.prefix(8))" + failed
        )
    }

    private static func text(_ failure: Failure) -> String {
        failure.summary + (failure.cause.map { ": \($0)" } ?? "")
    }
}
