import Diagnostics
import Model

/// How a sample reads: as a bar, as a plain line, as an event.
enum ProgressText {
    /// A bar for the terminal.
    ///
    /// `export [#######-------]  48%  1.2 GB of 2.5 GB  85 MB/s  0:15 left  public.orders`
    static func bar(_ sample: ProgressSample, _ rate: ProgressRate, atSeconds now: Double, width: Int) -> StyledText {
        var line = StyledText(sample.phase, .bold)
        if let share = sample.share {
            let cells = 20
            let filled = Int(share * Double(cells))
            let blocks = String(repeating: "#", count: filled) + String(repeating: "-", count: cells - filled)
            line = line + StyledText(" [") + StyledText(blocks, .cyan) + StyledText("]")
        }
        for fact in facts(sample, rate, atSeconds: now) { line = line + StyledText("  " + fact) }
        if !sample.item.isEmpty {
            let left = width - 1 - line.plain.displayWidth - 2
            if left > 4 { line = line + StyledText("  " + sample.item.onOneLine.shortened(to: left), .dim) }
        }
        // A bar wider than the terminal would wrap, and each redraw would leave a line behind.
        return line.plain.displayWidth < width ? line : StyledText(line.plain.shortened(to: width - 1))
    }

    /// The same facts in one line without a bar.
    static func line(_ sample: ProgressSample, _ rate: ProgressRate, atSeconds now: Double) -> StyledText {
        let item = sample.item.isEmpty ? [] : [sample.item.onOneLine]
        return StyledText(sample.phase + ": " + (facts(sample, rate, atSeconds: now) + item).joined(separator: ", "))
    }

    /// One JSON object on one line: `{"schema":1,"kind":"progress","phase":"export",…}`.
    static func event(_ sample: ProgressSample, _ rate: ProgressRate, atSeconds now: Double) -> String {
        var members = ["\"schema\":1", "\"kind\":\"progress\"", "\"phase\":\(sample.phase.jsonQuoted)"]
        if !sample.item.isEmpty { members.append("\"item\":\(sample.item.jsonQuoted)") }
        members.append("\"doneBytes\":\(sample.doneBytes)")
        if sample.totalBytes > 0 { members.append("\"totalBytes\":\(sample.totalBytes)") }
        members.append("\"doneItems\":\(sample.doneItems)")
        if sample.totalItems > 0 { members.append("\"totalItems\":\(sample.totalItems)") }
        if let speed = rate.bytesPerSecond { members.append("\"bytesPerSecond\":\(Int64(speed))") }
        if let left = rate.secondsLeft(sample, atSeconds: now), left < 1e9 {
            members.append("\"secondsLeft\":\(Int64(left.rounded(.up)))")
        }
        return "{\(members.joined(separator: ","))}"
    }

    private static func facts(_ sample: ProgressSample, _ rate: ProgressRate, atSeconds now: Double) -> [String] {
        var facts: [String] = []
        if let share = sample.share { facts.append("\(Int(share * 100))%") }
        if sample.totalItems > 0 { facts.append("\(sample.doneItems) of \(sample.totalItems)") }
        if sample.totalBytes > 0 {
            facts.append("\(byteText(sample.doneBytes)) of \(byteText(sample.totalBytes))")
        } else if sample.doneBytes > 0 {
            facts.append(byteText(sample.doneBytes))
        }
        if let speed = rate.bytesPerSecond, speed >= 1 { facts.append("\(byteText(Int64(speed)))/s") }
        if let left = rate.secondsLeft(sample, atSeconds: now), left < 1e7 {
            facts.append("\(clockText(Int64(left.rounded(.up)))) left")
        }
        return facts
    }
}

/// `512 B`, `1.5 kB`, `85 MB`: the units that reports and settings use too.
package func byteText(_ count: Int64) -> String { ByteCount(count).description }

/// `0:15`, `12:03`, `3:20:00`.
package func clockText(_ seconds: Int64) -> String {
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let hours = seconds / 3600
    let rest = "\(hours > 0 ? two(seconds / 60 % 60) : "\(seconds / 60 % 60)"):\(two(seconds % 60))"
    return hours > 0 ? "\(hours):\(rest)" : rest
}
