/// Finds what a person probably meant.
package enum Suggestion {
    /// The candidate with the smallest distance to `text`, if it is near enough to be a slip of the finger: at most a
    /// third of the letters, but at least one.
    package static func nearest(to text: String, in candidates: some Sequence<String>) -> String? {
        let typed = Array(text.unicodeScalars)
        let limit = max(1, typed.count / 3)
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(typed, Array(candidate.unicodeScalars))
            guard distance <= limit, distance < best?.distance ?? .max, distance < typed.count else { continue }
            best = (candidate, distance)
        }
        return best?.candidate
    }

    /// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours each count one.
    static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var beforePrevious: [Int] = []
        var previous = Array(0...b.count)
        for i in 1...a.count {
            var current = [i]
            for j in 1...b.count {
                var cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    cost = min(cost, beforePrevious[j - 2] + 1)
                }
                current.append(cost)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[b.count]
    }
}
