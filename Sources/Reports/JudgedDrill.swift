import Model
import Policy

/// A drill, and whether it speaks for what a recovery would take now.
struct JudgedDrill {
    let record: RunRecord
    let run: DrillRun
    let relevance: DrillRelevance
    /// How much text the drilled point stands for, where that is known.
    let textBytes: Int64?

    var counts: Bool { relevance.objection == nil }

    /// Every drill that ended by the end of the period, in the order in which they ended.
    static func all(in input: ReportInput, _ history: PointHistory) -> [JudgedDrill] {
        let points = history.lives.values.map(\.drillable)
        return input.drills.map { record, run in
            let life = history.lives[run.point]
            return JudgedDrill(
                record: record,
                run: run,
                relevance: DrillRelevance(
                    of: life?.recoveryInstant ?? run.recoveryInstant,
                    textBytes: life?.textBytes,
                    declaredAt: record.started,
                    among: points,
                    rpo: input.objectives.rpo
                ),
                textBytes: life?.textBytes
            )
        }
    }

    var timing: DrillTiming {
        var timing = DrillTiming(run, declared: record.started)
        timing.pointTextBytes = textBytes
        timing.newerPoints = relevance.newerPoints
        timing.notCounted = relevance.objection
        (timing.host, timing.tool) = (record.host, record.tool)
        return timing
    }
}
