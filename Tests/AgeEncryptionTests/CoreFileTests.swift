import AgeEncryption
import Glibc
import Testing

@Suite("What is in memory stays there")
struct CoreFileTests {
    @Test("a process that forbids core files leaves none, whatever its limit was")
    func forbidden() {
        #expect(CoreFiles.forbid())
        var limit = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0)
        #expect(limit.rlim_cur == 0 && limit.rlim_max == 0)
    }
}
