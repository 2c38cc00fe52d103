import Model
import Repository
import TestSupport
import Testing

/// An oracle that never objects proves nothing: each promise is broken once, and it has to notice.
@Suite("The oracle objects when a promise is broken")
struct OracleTests {
    @Test("each of what can be broken in a repository")
    func objects() throws {
        try World.with { world in
            let origin = try StoreFaultTests.history(world)
            let before = try Oracle.Before(origin)
            func broken(
                _ ending: Oracle.Ending = .succeeded,
                slot: PointName? = nil,
                _ change: (MemoryStore) throws -> Void
            ) throws -> Set<Promise> {
                let store = origin.copy()
                try change(store)
                return Set(try world.oracle.breaches(in: store, since: before.with(slot: slot), ending).map(\.promise))
            }
            #expect(try broken { _ in } == [])
            let archive = try #require(
                Repository.open(origin, keyring: world.oracle.keyring).readPoint(World.name(3)).manifest.archives.first
            )
            #expect(try broken { $0.remove(Layout.archive(archive.id)) } == [.complete])
            #expect(try broken { $0.remove(Layout.point(World.name(0))) }.contains(.kept))
            #expect(try broken(slot: World.name(4)) { _ in } == [.honest])
            #expect(try broken(.failed, slot: World.name(4)) { try world.backUp(to: $0, 4) } == [.honest])
            #expect(try broken { try world.backUp(to: $0, 4) } == [.single])
            #expect(
                try broken {
                    $0.replace(Layout.recoveryGuide, with: Array("marker-of-a-row-7c1e".utf8))
                } == [.secret, .kept]
            )
            let point = Layout.point(World.name(1))
            #expect(
                try broken { $0.replace(point, with: Array("{}\nrows in the open".utf8)) } == [
                    .complete, .single, .secret,
                ]
            )
        }
    }

    @Test("a restore that gives back another database")
    func unfaithful() throws {
        try World.with { world in
            let store = MemoryStore()
            try world.create(in: store)
            try world.backUp(to: store, 0)
            #expect(try world.oracle.unfaithful(store, World.name(0), world.picture).isEmpty)
            try world.turnPage()
            let found = try world.oracle.unfaithful(store, World.name(0), world.picture)
            #expect(found.map(\.promise) == [.faithful])
        }
    }
}
