import Model
import Policy
import Testing

@Suite("Copies over a period")
struct CopyCoverageTests {
    private let begin = Instant(secondsSinceEpoch: 1_800_000_000)

    private func at(_ hours: Int) -> Instant { begin + .seconds(hours * 3600) }

    private func copy(_ hours: Int, gone: Int? = nil, lost: Bool = false) -> CopyCoverage.Copy {
        .init(committedAt: at(hours), goneSince: gone.map(at), isLost: lost)
    }

    private func point(_ copies: CopyCoverage.Copy...) -> CopyCoverage.Point {
        let first = copies.map(\.committedAt).min() ?? begin
        return .init(recoveryInstant: first, committedAt: first, copies: copies)
    }

    private func measure(
        _ points: [CopyCoverage.Point],
        notExamined: [String] = [],
        from: Int = 0
    ) -> CopyCoverage {
        .measure(points, target: 2, notExamined: notExamined, from: at(from), to: at(100))
    }

    @Test("points that never reached the promised number are a miss, although the newest one did")
    func eightOfTen() {
        let points = (0..<8).map { point(copy($0 * 10)) } + [8, 9].map { point(copy($0 * 10), copy($0 * 10 + 1)) }
        let coverage = measure(points)
        #expect(coverage.points == 10 && coverage.short == 8 && coverage.current == 2 && coverage.lasting == nil)
        // The eighth gave way when the ninth had reached both.
        #expect(coverage.worst == .init(from: at(0), to: at(81)))
        #expect(
            coverage.verdict
                == .missed(
                    "8 of 10 points still lay in fewer than 2 repositories when the next one was taken, for 3 days 9 h at"
                        + " worst, from \(at(0)) to \(at(81))"
                )
        )
        #expect(measure(points, from: 85).verdict == .met, "the period begins after it")
    }

    @Test("a point may reach its repositories one after the other, until the next one is taken")
    func slow() {
        #expect(measure([point(copy(0), copy(9)), point(copy(10), copy(60))]).verdict == .met)
        #expect(measure([point(copy(0), copy(11)), point(copy(10), copy(60))]).short == 1)
    }

    @Test("a copy that goes bad while its point is the newest is missed until the next point")
    func goesBad() {
        let coverage = measure([point(copy(0), copy(0, gone: 20)), point(copy(50), copy(50))])
        #expect(coverage.short == 1 && coverage.worst == .init(from: at(20), to: at(50)))
        #expect(measure([point(copy(0), copy(0, gone: 60)), point(copy(50), copy(50))]).verdict == .met)
        let again = measure([point(copy(0), copy(0)), point(copy(10, gone: 20)), point(copy(15, gone: 20))])
        #expect(again.current == 2 && again.worst == .init(from: at(10), to: at(15)))
    }

    @Test("the newest point is judged as it is now, with since when")
    func now() {
        let short = measure([point(copy(0), copy(0)), point(copy(50))])
        #expect(short.current == 1 && short.lasting?.from == at(50))
        #expect(short.verdict == .missed("the newest point lies in 1 of 2 repositories, and that since \(at(50))"))
        let lost = measure([point(copy(0), copy(0, lost: true))])
        #expect(lost.verdict == .missed("the newest point lies in 1 of 2 repositories"), "nobody knows since when")
        #expect(measure([]).verdict.name == "unknown")
        let gone = measure([point(copy(0, gone: 5), copy(0, gone: 5))])
        #expect(gone.verdict == .missed("the newest point lies in 0 of 2 repositories"), "no copy of any point is good")
    }

    @Test("what may lie in a repository that was not examined is unknown, and never since the commit")
    func notExamined() {
        let coverage = measure([point(copy(0)), point(copy(50))], notExamined: ["far"])
        #expect(coverage.short == 0 && coverage.uncertain == 2 && coverage.lasting == nil)
        let reason = "the newest point lies in 1 of 2 repositories, and 'far' was not examined"
        #expect(coverage.verdict == .unknown(reason))
        let before = measure([point(copy(0)), point(copy(50), copy(50))], notExamined: ["far"])
        #expect(before.verdict.name == "unknown")
        let hopeless = CopyCoverage.measure(
            [point(copy(0))],
            target: 3,
            notExamined: ["far"],
            from: at(0),
            to: at(9)
        )
        #expect(hopeless.verdict.name == "missed")
    }
}
