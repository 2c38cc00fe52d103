import Model
import Testing

@Suite("What checks found and took back")
struct FindingsTests {
    private let point: PointName
    private let archive: ArchiveID
    private let other: ArchiveID
    private static let start = Instant(secondsSinceEpoch: 1_800_000_000)

    init() throws {
        point = PointName(plan: try #require(PlanName("shop")), slot: Slot(Self.start))
        archive = try #require(ArchiveID(String(repeating: "a", count: 32)))
        other = try #require(ArchiveID(String(repeating: "b", count: 32)))
    }

    /// A run of `depth` that finds the archives damaged, or nothing.
    private func run(_ depth: VerifyDepth?, damaged: [ArchiveID] = [], seenAt: VerifyDepth? = nil) -> RunRecord.Event {
        let bad =
            damaged.isEmpty ? [] : [BadPoint(point: point, reason: "bad at \(depth?.rawValue ?? "?")", depth: seenAt)]
        let points = depth == .sizes ? bad.map(\.point) : [point]
        return .verify(VerifyRun(points: points, bytesRead: 0, bad: bad, damaged: damaged, depth: depth))
    }

    private func drill(_ verdict: DrillRun.Verdict, code: String? = nil) -> RunRecord.Event {
        let mismatches = verdict == .failed && code == nil ? ["public.orders: 3 rows instead of 4"] : []
        let run = DrillRun(
            point: point,
            recoveryInstant: Self.start,
            target: .ephemeral,
            targetVersion: "15.20",
            verdict: verdict,
            recoverySeconds: nil,
            phases: [],
            tables: DrillRun.TableScore(mismatches: mismatches),
            catalog: DrillRun.CatalogScore(),
            checks: [],
            notChecked: [],
            failure: code.map { Failure(code: $0, summary: "cannot be read", cause: nil) }
        )
        return .drill(run)
    }

    private func findings(_ events: RunRecord.Event...) -> Findings {
        var findings = Findings()
        for (index, event) in events.enumerated() {
            let instant = Self.start + .seconds(index)
            let (tool, host) = ("test", "here")
            findings.add(
                RunRecord(tool: tool, plan: point.plan, host: host, started: instant, finished: instant, event: event)
            )
        }
        return findings
    }

    private func isBad(_ first: RunRecord.Event, _ second: RunRecord.Event, _ third: RunRecord.Event? = nil) -> Bool {
        let two = third == nil ? findings(first, second) : findings(first, second, third ?? second)
        return two.reason(of: point) != nil
    }

    @Test("a check takes back what one of its depth or a lesser one found, and nothing that was found deeper")
    func depths() {
        let depths: [VerifyDepth] = [.sizes, .bytes, .decrypted]
        for found in depths {
            for later in depths {
                let expected = later == .sizes || later < found
                #expect(isBad(run(found, damaged: [archive]), run(later)) == expected, "\(found), then \(later)")
            }
            #expect(isBad(run(found, damaged: [archive]), drill(.unverified)))
            #expect(!isBad(run(found, damaged: [archive]), drill(.proven)))
        }
    }

    @Test("rows that differed are good again when a drill says so, and by nothing else")
    func rows() {
        #expect(isBad(drill(.failed), run(.decrypted)))
        #expect(!isBad(drill(.failed), run(.decrypted), drill(.proven)))
        #expect(isBad(drill(.failed, code: "object-corrupt"), run(.bytes)))
        #expect(!isBad(drill(.failed, code: "object-corrupt"), run(.decrypted)))
    }

    @Test("what a deep check saw by the bytes alone, a check of the bytes may take back")
    func seenEarlier() {
        #expect(!isBad(run(.decrypted, damaged: [archive], seenAt: .bytes), run(.bytes)))
        #expect(isBad(run(.decrypted, damaged: [archive], seenAt: .decrypted), run(.bytes)))
    }

    @Test("what is found again was known since it was found first, unless something took it back in between")
    func firstInstant() {
        let damaged = run(.bytes, damaged: [archive])
        func since(_ events: RunRecord.Event...) -> Duration? {
            var findings = Findings()
            for (index, event) in events.enumerated() {
                let instant = Self.start + .seconds(index)
                findings.add(
                    RunRecord(
                        tool: "test",
                        plan: point.plan,
                        host: "here",
                        started: instant,
                        finished: instant,
                        event: event
                    )
                )
            }
            return findings.lossInstant(of: point).map { $0 - Self.start }
        }
        #expect(since(drill(.failed), damaged, damaged) == .zero)
        #expect(since(damaged, run(.decrypted, damaged: [archive]), run(.bytes, damaged: [archive])) == .zero)
        #expect(since(drill(.failed, code: "object-corrupt"), drill(.failed)) == .zero)
        #expect(since(damaged, run(.bytes), damaged) == .seconds(2))
        #expect(since(drill(.failed), drill(.proven), damaged) == .seconds(2))
        #expect(since(damaged, drill(.proven)) == nil)
    }

    @Test("damaged bytes explain what was found deeper in the same archives, and in no others")
    func explained() {
        let deep = run(.decrypted, damaged: [archive])
        #expect(!isBad(deep, run(.bytes, damaged: [archive]), run(.bytes)))
        #expect(isBad(deep, run(.bytes, damaged: [other]), run(.bytes)))
    }

    @Test("a look at sizes or at a part adds to what is damaged, and hides nothing of it")
    func partial() throws {
        let both = findings(run(.decrypted, damaged: [archive]), run(.sizes, damaged: [other]))
        #expect(both.archives(of: point).map(Set.init) == [archive, other])
        let sampled = VerifyRun(
            points: [point],
            bytesRead: 0,
            bad: [],
            sample: SampledReading(withinSeconds: 1, archives: []),
            depth: .decrypted
        )
        #expect(isBad(run(.bytes, damaged: [archive]), .verify(sampled)))
    }

    @Test("records of before depths were written down count as checks of the bytes")
    func old() {
        #expect(!isBad(run(nil, damaged: [archive]), run(nil)))
        #expect(isBad(run(.decrypted, damaged: [archive]), run(nil)))
    }
}
