import Policy

/// Reads one retention policy, inline or from `retention.json`.
struct RetentionReader {
    let list: ProblemList

    func policy(_ node: SettingsNode) -> RetentionPolicy? {
        let problemsBefore = list.problems.count
        guard let reader = ObjectReader(node, .retention, list) else { return nil }
        guard let keep = reader.object("keep", .keep) else { return nil }
        let policy = RetentionPolicy(
            keep: RetentionPolicy.Keep(
                last: keep.integer("last"),
                hourly: keep.integer("hourly"),
                daily: keep.integer("daily"),
                weekly: keep.integer("weekly"),
                monthly: keep.integer("monthly"),
                yearly: keep.integer("yearly"),
                within: keep.duration("within")
            ),
            minimumPoints: reader.integer("minimumPoints")
        )
        if policy.isEmpty, list.problems.count == problemsBefore {
            list.add(
                "the retention policy keeps nothing",
                at: keep.position,
                hint: "leave 'retention' out to keep everything."
            )
        }
        return policy
    }
}
