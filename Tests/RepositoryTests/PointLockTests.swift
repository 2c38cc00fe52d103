import Model
import Repository
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("The locks of a point")
struct PointLockTests {
    @Test("every archive that a point needs, its own run's too, is locked for as long as the point")
    func atCommit() throws {
        let store = LockedStore()
        let scene = try Scene(store)
        let older = try scene.commit(Scene.name(0)).manifest.archives
        store.extended.withLock { $0 = [] }
        let begun = Instant.now
        let point = try scene.commit(Scene.name(1), reusing: older)
        let extended = store.extended.withLock { $0 }
        #expect(Set(extended.map(\.key)) == Set(point.manifest.archives.map { Layout.archive($0.id) }))
        #expect(point.manifest.archives.count == 2)
        // The lock of the point itself begins when it is written, which is after this.
        #expect(extended.allSatisfy { $0.end >= begun + .seconds(3600 + 60) })
    }
}
