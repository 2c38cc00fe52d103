/// The phases of a recovery as bars on one time line, so that overlaps and the longest part are seen.
struct Waterfall {
    private static let indent = 4
    private static let longestName = 24
    private static let durationWidth = 14

    let timing: DrillTiming
    let width: Int

    /// One line per phase that belongs to the recovery; none when no recovery was measured.
    var lines: [String] {
        guard let total = timing.recoverySeconds, total > 0 else { return [] }
        let phases = timing.phases.filter { $0.share != nil }
        let nameWidth = min(Self.longestName, phases.map { printable($0.name).count }.max() ?? 0)
        let room = width - Self.indent - nameWidth - Self.durationWidth - 2
        guard room >= 8 else { return [] }
        return phases.map { phase in
            let name = String(printable(phase.name).prefix(nameWidth)).padded(to: nameWidth)
            return String(repeating: " ", count: Self.indent) + String(name.prefix(nameWidth))
                + inWords(phase.seconds).rightAligned(to: Self.durationWidth) + "  " + bar(phase, of: total, room)
        }
    }

    /// At least one mark, never past the right edge.
    private func bar(_ phase: PhaseFacts, of total: Double, _ room: Int) -> String {
        let scale = Double(room) / total
        let start = min(room - 1, Int((phase.offsetSeconds * scale).rounded(.down)))
        let length = max(1, min(room - start, Int(((phase.share ?? 0) * Double(room)).rounded())))
        return String(repeating: " ", count: start) + String(repeating: "█", count: length)
    }
}
