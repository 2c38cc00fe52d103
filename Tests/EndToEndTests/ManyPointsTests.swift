import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("A repository with many points")
struct ManyPointsTests {
    @Test("is listed with a request for every thousand, and reads what it shows and nothing else")
    func bounded() throws {
        let server = try PeculiarS3(PeculiarS3.Ways())
        let place = "s3://\(PeculiarS3.bucket)/p"
        let environment = [
            "AWS_ENDPOINT_URL": server.endpoint, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
        ]
        try Scene.with { scene in
            for _ in 0..<3 {
                let backup = ["backup", scene.sourceText, "--to", place, "--plan", "shop"]
                let answer = try scene.run(backup, environment: environment)
                try #require(answer.status == 0, "\(answer)")
            }
            // All but the newest point and its record are old, and before them come many that nobody shall read.
            for kind in ["points", "records"] {
                for key in server.keys.filter({ $0.hasPrefix("p/\(kind)/") }).dropLast() {
                    server.plant(key, age: .seconds(40 * 86_400))
                }
            }
            let plan = try #require(PlanName("shop"))
            for hour in 0..<1200 {
                let slot = Slot(Instant(secondsSinceEpoch: 1_500_000_000 + Int64(hour) * 3600))
                let key = Layout.point(PointName(plan: plan, slot: slot))
                server.plant("p/\(key)", [1, 2, 3], age: .seconds(400 * 86_400))
            }
            func points(_ more: String...) throws -> (answer: JSON, requests: [String]) {
                _ = server.takeRequests()
                let words = ["points", "--from", place, "--format", "json"] + more
                return (JSON(try scene.run(words, environment: environment)), server.takeRequests())
            }
            let (newest, few) = try points("--last", "1")
            #expect(newest["points"].count == 1 && newest["older"].number == 1202)
            #expect(newest["points"][0]["rows"].number ?? 0 > 0)
            #expect(few.count { $0.hasPrefix("GET p/records/") } == 1 && few.count < 20, "\(few)")
            let (some, more) = try points()
            #expect(some["points"].count == 100 && some["older"].number == 1103)
            #expect(some["points"][0]["damaged"].text != nil && some["points"][99]["damaged"].text == nil)
            #expect(more.count < 240, "\(more.count) requests")
        }
    }
}
