import Model
import Testing

@testable import Drills

@Suite("The verdict of a drill")
struct VerdictTests {
    private var perfect: DrillFindings {
        var findings = DrillFindings()
        findings.tables = DrillRun.TableScore(proven: 3, total: 3, rows: 10)
        findings.catalog = DrillRun.CatalogScore(equal: 5, total: 5)
        findings.checks = [DrillRun.Check(name: "negative control", passed: true)]
        return findings
    }

    @Test("proven needs every table, every definition and every check")
    func proven() {
        #expect(perfect.verdict == .proven)
        #expect(DrillFindings().verdict == .proven)
    }

    @Test("any difference, failed check or failure is a failed drill")
    func failed() {
        var findings = perfect
        findings.tables.mismatches = ["public.t: 1 row instead of 2"]
        #expect(findings.verdict == .failed)
        findings = perfect
        findings.catalog.differences = ["table public.t is missing"]
        #expect(findings.verdict == .failed)
        findings = perfect
        findings.checks.append(DrillRun.Check(name: "orders", passed: false))
        #expect(findings.verdict == .failed)
        findings = perfect
        findings.failure = Failure(code: "object-corrupt", summary: "x", cause: nil)
        #expect(findings.verdict == .failed)
    }

    @Test("what could not be checked is never a pass, and never hides a failure")
    func unverified() {
        var findings = perfect
        findings.take(.unknown("no such table"), of: Assertion(name: "orders", sql: "select"))
        #expect(findings.verdict == .unverified)
        findings.take(.fails("it returned false"), of: Assertion(name: "stock", sql: "select"))
        #expect(findings.verdict == .failed)
        findings = perfect
        findings.tables.proven = 2
        #expect(findings.verdict == .unverified)
        findings = perfect
        findings.obstacle = .init(code: "extension-unavailable", summary: "x", cause: nil, hint: nil)
        #expect(findings.verdict == .unverified)
        findings.tables.mismatches = ["public.t: 1 row instead of 2"]
        #expect(findings.verdict == .failed)
    }
}
