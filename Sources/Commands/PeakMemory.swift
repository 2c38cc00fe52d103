import Glibc

/// How much memory this process has had in use at once.
enum PeakMemory {
    /// The highest resident size so far in bytes, over everything this process did; nil where the kernel does not tell.
    ///
    /// `getrusage` answers the same question worse: it counts what the program that started this one held.
    static var bytes: Int64? {
        guard let file = fopen("/proc/self/status", "r") else { return nil }
        defer { fclose(file) }
        var status = [UInt8](repeating: 0, count: 8192)
        let count = fread(&status, 1, status.count, file)
        let lines = String(decoding: status.prefix(count), as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
        let words = line.split(whereSeparator: \.isWhitespace)
        return words.count == 3 ? Int64(words[1]).map { $0 * 1024 } : nil
    }
}
