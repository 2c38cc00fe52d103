import Glibc
import TestSupport

/// How much of a campaign runs: a seeded sample in every test run, all of it with `LIFEBOAT_CAMPAIGN=1`, a part with 0.1.
///
/// `LIFEBOAT_SEED` chooses another sample. `LIFEBOAT_FAULT`, set to what a failure names (`incremental:late:17`), runs that
/// one fault and no other.
struct CampaignSize {
    /// The part of all points; nil for the sample of a test run.
    private static let part = variable("LIFEBOAT_CAMPAIGN").flatMap(Double.init)
    static let isCampaign = part != nil
    static let seed = variable("LIFEBOAT_SEED").flatMap(UInt64.init) ?? 20_261_127
    private static let only = variable("LIFEBOAT_FAULT")

    /// The numbers to run out of `1...total`: everything, or about `sample` of them spread over the whole.
    static func numbers(_ campaign: String, sample: Int, of total: Int) -> [Int] {
        if let only {
            guard only.hasPrefix(campaign + ":") else { return [] }
            return Int(only.dropFirst(campaign.utf8.count + 1)).map { [$0] } ?? []
        }
        let sample = part.map { Int((Double(total) * min($0, 1)).rounded(.up)) } ?? sample
        guard sample < total else { return Array(1...max(total, 1)) }
        var generator = SeededGenerator(seed: campaign.utf8.reduce(seed) { $0 &* 31 &+ UInt64($1) })
        return (0..<sample).map { part in
            let (low, high) = (part * total / sample, (part + 1) * total / sample)
            return Int.random(in: low..<max(high, low + 1), using: &generator) + 1
        }
    }

    /// Whether one fault was asked for.
    static let isOne = only != nil

    /// Whether the fault that was asked for, if one was, could belong to `campaign`.
    static func includes(_ campaign: String) -> Bool { only.map { $0.hasPrefix(campaign + ":") } ?? true }

    /// Says what was run, so that a log is the evidence.
    static func report(_ campaign: String, ran: Int, of total: Int, breaches: Int) {
        print("campaign \(campaign): \(ran) of \(total) points, seed \(seed), \(breaches) breaches")
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
