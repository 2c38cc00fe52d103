import Glibc

/// The machine that a drill runs on.
enum Machine {
    /// Its memory, in bytes.
    static var memoryBytes: Int64 {
        Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
