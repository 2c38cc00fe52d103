import Model

/// Reads the keys of points, `points/<plan>/<yyyy>/<mm>/<slot>.point`, one after the other.
///
/// A repository may hold a hundred thousand: the plan, which is the same for most, is decoded once, and that a key is
/// written as it should be is seen by its bytes and not by writing it again.
struct PointKeyReader {
    private static let suffix = ".point"

    private var component: Substring = ""
    private var plan: PlanName?

    /// The point that a key names; nil when it is another object.
    mutating func name(_ key: ObjectKey) -> PointName? {
        let text = key.text
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 5)
        guard parts.count == 5, parts[0].elementsEqual(Layout.points.utf8), parts[2].count == 4, parts[3].count == 2,
            parts[4].suffix(Self.suffix.utf8.count).elementsEqual(Self.suffix.utf8),
            // The folders are the beginning of the slot.
            parts[4].prefix(4).elementsEqual(parts[2]), parts[4].dropFirst(4).prefix(2).elementsEqual(parts[3]),
            let slot = Slot(canonical: Substring(parts[4].dropLast(Self.suffix.utf8.count))),
            let plan = plan(Substring(parts[1]))
        else { return nil }
        return PointName(plan: plan, slot: slot)
    }

    private mutating func plan(_ component: Substring) -> PlanName? {
        if component != self.component {
            self.component = component
            plan = percentDecoded(String(component)).flatMap(PlanName.init)
        }
        return plan
    }
}
