import Model
import Policy

/// Retention straight from its definition, by comparing every point with every other; slow, and shares no code with the
/// real one beyond the zone.
struct RetentionReference {
    var policy: RetentionPolicy
    var now: Instant
    var zone: TimeZoneRules

    func keptIDs(_ points: [RetentionPoint]) -> Set<String> {
        let counts = [policy.keep.last] + Self.spans.map { policy.keep[keyPath: $0.count] } + [policy.minimumPoints]
        if counts.allSatisfy({ ($0 ?? 0) == 0 }) && (policy.keep.within ?? .zero) == .zero {
            return Set(points.map(\.id))
        }
        let good = points.filter(isGood)
        var kept = Set(points.filter { !isGood($0) || $0.hold != nil }.map(\.id))
        for point in good where isKeptByRule(point, among: good) { kept.insert(point.id) }
        let unkept = good.filter { !kept.contains($0.id) }
        let keptGood = good.count - unkept.count
        for point in unkept where keptGood + newer(than: point, among: unkept).count < policy.minimumPoints ?? 0 {
            kept.insert(point.id)
        }
        return kept
    }

    private func isGood(_ point: RetentionPoint) -> Bool {
        let tolerance: Duration = .seconds(300)
        return point.isComplete && !point.isKnownBad && point.recoveryInstant <= now + tolerance
            && point.committedAt <= now + tolerance && point.recoveryInstant <= point.committedAt + tolerance
    }

    private func newer(than point: RetentionPoint, among points: [RetentionPoint]) -> [RetentionPoint] {
        points.filter { other in
            (other.recoveryInstant.microsecondsSinceEpoch, other.committedAt.microsecondsSinceEpoch, other.id)
                > (point.recoveryInstant.microsecondsSinceEpoch, point.committedAt.microsecondsSinceEpoch, point.id)
        }
    }

    private func isKeptByRule(_ point: RetentionPoint, among good: [RetentionPoint]) -> Bool {
        let newer = newer(than: point, among: good)
        if newer.isEmpty || newer.count < policy.keep.last ?? 0 { return true }
        if point.isProven, !newer.contains(where: \.isProven) { return true }
        let newest = good.map(\.recoveryInstant).max() ?? now
        if let within = policy.keep.within, within > .zero, newest - point.recoveryInstant <= within { return true }
        return Self.spans.contains { span in
            let limit = policy.keep[keyPath: span.count] ?? 0
            let name = span.name(point.recoveryInstant, zone)
            let newerNames = Set(newer.map { span.name($0.recoveryInstant, zone) })
            let isOldest = newer.count == good.count - 1
            return newerNames.count < limit && (!newerNames.contains(name) || isOldest)
        }
    }

    private struct SpanOfTime: Sendable {
        var count: any KeyPath<RetentionPolicy.Keep, Int?> & Sendable
        var name: @Sendable (Instant, TimeZoneRules) -> String
    }

    private static let spans: [SpanOfTime] = [
        SpanOfTime(count: \.hourly) {
            "\($1.civil(at: $0).daysSinceEpoch) \($1.civil(at: $0).hour) \($1.offset(at: $0))"
        },
        SpanOfTime(count: \.daily) { "\($1.civil(at: $0).daysSinceEpoch)" },
        SpanOfTime(count: \.weekly) { instant, zone in
            // The Monday on or before, found by walking back.
            var day = zone.civil(at: instant).daysSinceEpoch
            while CivilTime(secondsSinceEpoch: Int64(day) * 86_400).weekday != 1 { day -= 1 }
            return "\(day)"
        },
        SpanOfTime(count: \.monthly) { "\($1.civil(at: $0).year)-\($1.civil(at: $0).month)" },
        SpanOfTime(count: \.yearly) { "\($1.civil(at: $0).year)" },
    ]
}
