import AgeEncryption
import Diagnostics
import Model
import Policy
import Repository
import Streams
import TestSupport
import Testing

@Suite("Finding points")
struct SelectorTests {
    private let scene: Scene

    init() throws {
        scene = try Scene()
        for hour in [0, 1, 30] { try scene.commit(Scene.name(hour)) }
        try scene.repository.append(scene.record(.drill(PruneTests.drill(of: Scene.name(1), .proven))))
    }

    @Test(
        "a point is found by word, slot, time or unique beginning",
        arguments: [
            ("latest", 30), ("oldest", 0), ("proven", 1), ("20270115T080000Z", 0), ("2027-01-15T09:00:00Z", 1),
            ("20270116", 30), ("2027-01-16", 30), ("2027-01-15 09", 1), ("shop/latest", 30), ("shop/20270115T08", 0),
        ]
    )
    func found(_ selector: String, _ hour: Int) throws {
        #expect(try scene.repository.resolve(selector, plan: nil) == Scene.name(hour))
    }

    @Test("a point that a host with a fast clock named after a time to come stands where it was taken, for everybody")
    func fastClock() throws {
        let scene = try Scene()
        let store = try #require(scene.store as? MemoryStore)
        store.advance(.zero - .seconds(10 * 3600) - (store.now - .now))
        let begun = store.now
        func name(_ minutes: Int) -> PointName {
            PointName(plan: Scene.shop, slot: Slot(begun + .seconds(minutes * 60)))
        }
        store.advance(.seconds(3600))
        try scene.commit(name(30))
        store.advance(.seconds(3600))
        let ahead = try scene.commit(name(20 * 365 * 24 * 60))
        #expect(try scene.repository.resolve("latest", plan: nil) == ahead.name)
        store.advance(.seconds(3600))
        try scene.commit(name(150))
        #expect(try scene.repository.resolve("latest", plan: nil) == name(150))
        #expect(try scene.repository.newestPoint(plan: Scene.shop)?.name == name(150))
        #expect(try scene.repository.listPoints().map(\.name) == [name(30), ahead.name, name(150)])
    }

    @Test("what a store took when its own clock was ahead stands behind all else, unless there is nothing else")
    func fastStore() throws {
        let scene = try Scene()
        let store = try #require(scene.store as? MemoryStore)
        let now = Instant.now
        let (then, years) = (store.now, Duration.seconds(20 * 365 * 86_400))
        store.advance(now - then + years)
        let ahead = PointName(plan: Scene.shop, slot: Slot(now + years))
        try scene.commit(ahead)
        #expect(try scene.repository.resolve("latest", plan: nil) == ahead)
        #expect(try scene.repository.resolve("oldest", plan: nil) == ahead)
        store.advance(.zero - years - .seconds(7200))
        let right = [0, 1].map { PointName(plan: Scene.shop, slot: Slot(now - .seconds(7200 - $0 * 600))) }
        for name in right {
            try scene.commit(name)
            store.advance(.seconds(600))
        }
        #expect(try scene.repository.resolve("latest", plan: nil) == right[1])
        #expect(try scene.repository.resolve("oldest", plan: nil) == right[0])
        #expect(try scene.repository.newestPoint(plan: Scene.shop)?.name == right[1])
    }

    @Test("what fits no point, or several, is refused with the way out")
    func refused() throws {
        let several = #expect(throws: Diagnostic.self) { try scene.repository.resolve("2027", plan: nil) }
        #expect(several?.code == .pointUnknown)
        #expect(several?.hint == "Write more of the name.")
        let near = #expect(throws: Diagnostic.self) { try scene.repository.resolve("20270116T150000Z", plan: nil) }
        #expect(near?.hint == "Did you mean 'shop/20270116T140000Z'? List them with 'lifeboat points'.")
        #expect(code { _ = try scene.repository.resolve("", plan: nil) } == .pointUnknown)
        #expect(code { _ = try scene.repository.resolve("latest", plan: PlanName("none")) } == .pointUnknown)
    }

    @Test("with several plans the plan must be named")
    func severalPlans() throws {
        let other = try #require(PlanName("a/b c"))
        try scene.commit(Scene.name(2, plan: other))
        let refusal = #expect(throws: Diagnostic.self) { try scene.repository.resolve("latest", plan: nil) }
        #expect(refusal?.hint == "Name the plan: 'a/b c/latest'.")
        #expect(try scene.repository.resolve("a/b c/latest", plan: nil) == Scene.name(2, plan: other))
        #expect(try scene.repository.resolve("latest", plan: other) == Scene.name(2, plan: other))
        #expect(try scene.repository.plans() == [other, Scene.shop])
    }

    @Test("retention sees damaged, held and proven points as what they are")
    func retention() throws {
        try scene.repository.append(scene.record(.hold(HoldChange(point: Scene.name(0), reason: "audit"))))
        let store = try #require(scene.store as? MemoryStore)
        store.replace(try objectKey("points/shop/2027/01/20270116T140000Z.point"), with: [1, 2, 3])
        let points = try scene.repository.retentionPoints(plan: Scene.shop)
        #expect(points.map(\.isComplete) == [true, true, false])
        #expect(points.map(\.hold) == ["audit", nil, nil])
        #expect(points.map(\.isProven) == [false, true, false])
    }
}
