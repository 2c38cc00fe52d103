import Glibc

/// How the C library hands out memory.
enum MemorySettings {
    /// `M_MMAP_THRESHOLD` of `malloc.h`, which no module of Swift's shows.
    private static let mapThreshold: CInt = -3

    /// Gives large pieces back to the system as soon as they are free.
    ///
    /// By itself the C library learns from each large piece that is freed to keep such pieces the next time, and lists that
    /// grow then leave holes behind: with 10,000 tables that made a tenth of the peak. A C library without this setting
    /// goes on as it likes.
    static func apply() {
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let mallopt = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)
        _ = mallopt(mapThreshold, 256 << 10)
    }
}
