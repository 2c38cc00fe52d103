import FoundationEssentials
import Model
import Policy
import Testing

@testable import Reports

@Suite("The report as programs read it")
struct JSONReportTests {
    /// A report in which nearly every field has a value.
    private static func richScene() throws -> Scene {
        var scene = Scene.healthy()
        scene.failBackUp(at: Scene.now - .seconds(86_400 * 3))
        scene.points[scene.points.count - 3].hold = "audit"
        let bad = BadPoint(point: scene.points[3].name, reason: "another hash")
        scene.add(
            .verify(VerifyRun(points: [bad.point], bytesRead: 1, bad: [bad])),
            at: Scene.now - .seconds(7300),
            seconds: 9
        )
        for days in [4, 3, 2] { scene.drill(at: Scene.now - .seconds(days * 86_400), seconds: Double(60 - days)) }
        scene.drill(at: Scene.now - .seconds(7200), seconds: 61) { run in
            run.notChecked = [Omission(object: "extension 'pg_cron'", reason: "needs a preloaded library")]
            run.checks = [DrillRun.Check(name: "assertion", passed: true, detail: "true")]
            run.phases[0].bytes = 12
        }
        scene.schedule = ReportSchedule(
            longestGap: .seconds(43_200),
            jitter: .seconds(60),
            nextBackup: Scene.now + .seconds(60),
            nextDrill: Scene.now + .seconds(600)
        )
        return scene
    }

    private static func object(_ report: ComplianceReport) throws -> [String: JSONNode] {
        let data = try JSONEncoder().encode(report)
        return try JSONDecoder().decode([String: JSONNode].self, from: data)
    }

    @Test("every number that the text shows is the number in the JSON")
    func sameNumbers() throws {
        let report = try Self.richScene().report
        let root = JSONNode.object(try Self.object(report))
        let text = TextReport(report, width: 200).text
        for path in [
            "recoveryPoint.targetSeconds", "recoveryPoint.nowSeconds", "recoveryPoint.worstSeconds",
            "recoveryPoint.schedule.worstExposureSeconds", "recoveryTime.targetSeconds", "recoveryTime.worstSeconds",
            "recoveryTime.medianSeconds", "recoveryTime.lastProven.recoverySeconds", "downtime.targetSeconds",
            "downtime.outageSeconds", "proof.drillEverySeconds", "proof.newestProvenAgeSeconds", "runs.p50Seconds",
            "runs.p95Seconds",
        ] {
            let seconds = try #require(root[path]?.number, "\(path)")
            #expect(text.contains(Duration.seconds(seconds).inWords), "\(path): \(Duration.seconds(seconds).inWords)")
        }
        for path in ["recoveryPoint.pointBytes", "runs.bytesRead", "runs.bytesStored", "runs.monthlyEgressBytes"] {
            let bytes = try #require(root[path]?.number, "\(path)")
            #expect(text.contains(ByteCount(Int64(bytes)).description), "\(path)")
        }
        for path in ["recoveryPoint.insideShare", "proof.coverage", "recoveryTime.bottleneck.share"] {
            let share = try #require(root[path]?.number, "\(path)")
            #expect(text.contains(percent(share)), "\(path)")
        }
        #expect(root["compliance.outcome"]?.text == report.compliance.outcome.rawValue)
    }

    @Test("an instant is written as RFC 3339 in UTC and a name as one text")
    func instantsAndNames() throws {
        let root = JSONNode.object(try Self.object(Scene.healthy().report))
        #expect(root["generated"]?.text == "2026-11-21T07:31:00Z")
        #expect(root["plan"]?.text == "shop")
        #expect(root["recoveryPoint.newest.name"]?.text?.hasPrefix("shop/2026") == true)
    }

    @Test("what is not known is absent, never zero")
    func unknownIsAbsent() throws {
        let root = JSONNode.object(try Self.object(Scene().report))
        for path in [
            "recoveryPoint.nowSeconds", "recoveryPoint.worstSeconds", "recoveryTime.lastDrill",
            "recoveryTime.worstSeconds", "proof.coverage", "downtime.outageSeconds", "runs.p95Seconds",
        ] {
            #expect(root[path] == nil, "\(path)")
        }
    }

    @Test("docs/json.md explains every field")
    func documented() throws {
        var failed = Scene.healthy()
        failed.drill(at: Scene.now - .seconds(900), seconds: 5) { run in
            run.verdict = .failed
            run.failure = Failure(code: "object-corrupt", summary: "an archive is damaged", cause: "another hash")
        }
        let document = try Golden.document("docs/json.md")
        var keys: Set<String> = []
        for report in [try Self.richScene().report, failed.report] {
            JSONNode.object(try Self.object(report)).collect(&keys)
        }
        for record in failed.records {
            let data = try JSONEncoder().encode(RecordFacts(record))
            try JSONDecoder().decode(JSONNode.self, from: data).collect(&keys)
        }
        #expect(keys.count > 90)
        for key in keys.sorted() { #expect(document.contains("`\(key)`"), "\(key)") }
        for key in ["schema", "kind"] { #expect(!keys.contains(key), "the command adds it") }
    }

    @Test("a record says what happened under the name of what happened")
    func records() throws {
        var scene = Scene()
        scene.backUp(at: Scene.now - .seconds(900), seconds: 30)
        let data = try JSONEncoder().encode(RecordFacts(scene.records[0]))
        let root = try JSONDecoder().decode(JSONNode.self, from: data)
        #expect(root["event"]?.text == "backup")
        #expect(root["seconds"]?.number == 30)
        #expect(root["backup.point"]?.text == scene.points[0].name.description)
        #expect(root["drill"] == nil)
    }
}

/// Any JSON, to look at it by paths.
indirect enum JSONNode: Decodable {
    case object([String: JSONNode])
    case array([JSONNode])
    case text(String)
    case number(Double)
    case truth(Bool)
    case nothing

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .nothing
        } else if let value = try? container.decode(Bool.self) {
            self = .truth(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONNode].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONNode].self))
        }
    }

    subscript(path: String) -> JSONNode? {
        path.split(separator: ".").reduce(self as JSONNode?) { node, key in
            guard case .object(let members)? = node else { return nil }
            return members[String(key)]
        }
    }

    var number: Double? { if case .number(let value) = self { value } else { nil } }
    var text: String? { if case .text(let value) = self { value } else { nil } }

    func collect(_ keys: inout Set<String>) {
        switch self {
        case .object(let members):
            keys.formUnion(members.keys)
            for member in members.values { member.collect(&keys) }
        case .array(let elements): for element in elements { element.collect(&keys) }
        case .text, .number, .truth, .nothing: break
        }
    }
}
