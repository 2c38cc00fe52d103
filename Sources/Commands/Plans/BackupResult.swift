import Diagnostics
import Export
import Model
import Reports
import Repository
import Terminal

/// One plan's point in one repository, or why there is none.
struct BackupResult: Encodable, Sendable {
    var plan: PlanName
    var repository: String
    var point: PointName?
    var recoveryInstant: Instant?
    var totals: BackupTotals?
    var tables: Int?
    /// The process's, so with several plans the largest until now.
    var peakMemoryBytes: Int64?
    var phases: [Phase] = []
    var omissions: [Omission] = []
    var notices: [String] = []
    var failure: Failure?
    var diagnostic: Diagnostic?
    /// What to say of ranges that were read, a line per reason.
    private var reasons: [String] = []
    private(set) var alarm: Diagnostic?

    private enum CodingKeys: String, CodingKey {
        case plan, repository, point, recoveryInstant, totals, tables, peakMemoryBytes, phases, omissions, notices
        case failure
    }

    init(
        _ plan: PlanName,
        _ repository: String,
        _ result: Result<ExportOutcome, Diagnostic>,
        peakMemory: Int64? = nil
    ) {
        self.plan = plan
        self.repository = repository
        switch result {
        case .success(let outcome):
            let report = outcome.report
            point = outcome.point.name
            recoveryInstant = outcome.point.manifest.recoveryInstant
            totals = report.totals
            tables = report.tables
            peakMemoryBytes = peakMemory
            phases = report.phases
            omissions = report.omissions
            notices = report.notices
            reasons = report.reasons
            alarm = report.alarm
        case .failure(let error):
            failure = Failure(code: error.code.rawValue, summary: error.summary, cause: error.cause)
            diagnostic = error
        }
    }

    /// The answer as people read it; nothing where there is no point.
    var text: [StyledText] {
        guard let point, let totals, let recoveryInstant else { return [] }
        let seconds = phases.map { ($0.started - recoveryInstant).inSeconds + $0.seconds }.max()
        var lines: [StyledText] = [
            StyledText("\(point)", .bold) + StyledText(" committed to \(repository)"),
            StyledText(
                "  \(counted(tables ?? 0, "table")), \(counted(totals.rows, "row")), \(byteText(totals.bytesRepresented)) of text,"
                    + " as of \(recoveryInstant)"
            ),
            StyledText(
                "  read \(byteText(totals.bytesRead)) in \(counted(totals.rangesRead, "range")), reused \(totals.rangesReused),"
                    + " stored \(byteText(totals.bytesStored))" + (seconds.map { " in \(secondsText($0))" } ?? "")
                    + (peakMemoryBytes.map { ", peak memory \(byteText($0))" } ?? "")
            ),
        ]
        if totals.rangesReused > 0 { lines += reasons.map { StyledText("  \($0)", .dim) } }
        lines += omissions.map { StyledText("  left out: \($0.object): \($0.reason)", .yellow) }
        lines += notices.map { StyledText("  note: \($0)", .yellow) }
        return lines
    }
}

extension [BackupResult] {
    /// How the command ends: done only when every repository of every plan has its point, and nothing casts doubt on the
    /// points before it.
    var exitStatus: ExitStatus {
        let failed = compactMap(\.diagnostic)
        guard let first = failed.first else { return compactMap(\.alarm).first?.code.exitStatus ?? .done }
        if failed.contains(where: { $0.code == .interrupted }) { return .interrupted }
        return failed.count < count ? .partial : first.code.exitStatus
    }

    /// What went wrong, each thing once; where it is not everybody's, it says whose it is.
    var failures: [Diagnostic] {
        let found = compactMap(\.diagnostic).reduce(into: [Diagnostic]()) { found, error in
            if !found.contains(error) { found.append(error) }
        }
        return found.map { error in
            let places = filter { $0.diagnostic == error }.map(\.repository)
            guard places.count < count else { return error }
            var named = error
            named.summary = "nothing was committed to \(places.joined(separator: ", ")): \(error.summary)"
            return named
        }
    }

    /// What to say when the run was ended early: which repositories have the point and which do not.
    var interruption: Diagnostic? {
        guard contains(where: { $0.diagnostic?.code == .interrupted }) else { return nil }
        let committed = filter { $0.point != nil }
        guard let point = committed.first?.point else { return .interrupted }
        let missing = filter { $0.point == nil }.map(\.repository)
        return Diagnostic(
            .interrupted,
            "interrupted between two commits: '\(point)' is not in every repository",
            cause: "it is in \(committed.map(\.repository).joined(separator: ", "))"
                + " and not in \(missing.joined(separator: ", "))",
            hint: "Take the next backup: it reads what is missing there."
        )
    }
}
