import CCrypto
import Glibc

/// What the system writes of a process that crashes: everything in its memory, keys among it.
package enum CoreFiles {
    /// Keeps this process from ever being written out, or read by another one of the same user; false when the system
    /// does not allow that.
    ///
    /// The limit alone does not stop a collector of crashes that the kernel hands the memory to through a pipe.
    @discardableResult
    package static func forbid() -> Bool {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        return setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0 && lifeboat_forbid_dumps() == 0
    }
}
