import Model
import Testing

@testable import Export

@Suite("Planning a backup")
struct PlanningTests {
    @Test("ranges tile the table, whatever its size, its TOAST and what the base knew")
    func tiling() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            let chunks = ChunkPlan(targetBytes: .random(in: 1...(1 << 22), using: &random), blockSize: 8192)
            let blocks = Int64.random(in: 0...2000, using: &random)
            let toast = Int64.random(in: 0...(1 << 26), using: &random)
            let first = chunks.ranges(heapBlocks: blocks, toastBytes: toast)
            #expect(tilingProblem(first) == nil)
            let later = Int64.random(in: 0...4000, using: &random)
            let second = chunks.ranges(heapBlocks: later, toastBytes: toast, continuing: first)
            #expect(tilingProblem(second) == nil)
            let closed = first.filter { $0.end.map { $0 < later } ?? false }
            #expect(Array(second.prefix(closed.count)) == closed)
        }
    }

    @Test("a table with large values is cut although it has few blocks")
    func toast() {
        let chunks = ChunkPlan(targetBytes: 64 << 20, blockSize: 8192)
        #expect(chunks.ranges(heapBlocks: 100, toastBytes: 0).count == 1)
        #expect(chunks.ranges(heapBlocks: 100, toastBytes: 640 << 20).count >= 8)
        #expect(chunks.ranges(heapBlocks: 0, toastBytes: 0) == [.all])
    }

    private func tilingProblem(_ blocks: [BlockRange]) -> String? {
        let nowhere = ArchiveLocation(archive: archive, offset: 0, length: 0, members: 0, sha256: "")
        let slot = Slot(Instant(secondsSinceEpoch: 0))
        let ranges = blocks.map {
            TableRange(blocks: $0, proof: RowProof(), textBytes: 0, location: nowhere, fingerprint: nil, readIn: slot)
        }
        return TableData(schema: "s", name: "t", columns: [], ranges: ranges).tilingProblem
    }

    private var archive: ArchiveID {
        guard let id = ArchiveID(String(repeating: "0", count: 32)) else { preconditionFailure("32 digits") }
        return id
    }

    @Test("a range is unchanged only when no row is new, none is missing, and both sums agree")
    func verdicts() {
        let base = RangeFingerprint(rows: 10, first: 1, second: 2, permanent: 0)
        func verdict(_ change: (inout ScannedRange) -> Void, base: RangeFingerprint = base) -> RangeVerdict {
            var scan = ScannedRange(fingerprint: base, inWindow: 0)
            change(&scan)
            return RangeVerdict(base: base, now: scan)
        }
        #expect(verdict { _ in } == .unchanged)
        #expect(verdict { $0.inWindow = 1 } == .read(.rowsChanged))
        #expect(verdict { $0.inWindow = nil } == .read(.rowsChanged))
        #expect(verdict { $0.fingerprint.rows = 9 } == .read(.rowsChanged))
        #expect(verdict { $0.fingerprint.permanent = 1 } == .read(.notComparable))
        #expect(verdict { $0.fingerprint.first ^= 1 } == .contradiction)
        #expect(verdict { $0.fingerprint.second ^= 1 } == .contradiction)
        var frozen = base
        frozen.permanent = 1
        #expect(verdict({ $0.fingerprint.permanent = 0 }, base: frozen) == .read(.notComparable))
    }

    @Test("only servers that number transactions as PostgreSQL does are compared")
    func servers() {
        let known = [
            "PostgreSQL 15.20 (Debian 15.20-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc",
            "PostgreSQL 16.4 on x86_64-pc-linux-gnu, compiled by gcc", "PostgreSQL 17.2 (a1b2c3d4e5) on aarch64",
            "PostgreSQL 18.0 (Ubuntu 18.0-1.pgdg24.04+3) on x86_64",
        ]
        let others = [
            "PostgreSQL 11.2-YB-2.21.0.0-b0 on x86_64", "PostgreSQL 14.4 (Apache Cloudberry 2.0.0) on x86_64",
            "PostgreSQL 12.12 (Greenplum Database 7.1.0) on x86_64", "CockroachDB CCL v23.1.0",
            "PostgreSQL 9.2.4 (openGauss 5.0.0) on x86_64", "PostgreSQL 14.5.1 on x86_64",
        ]
        for version in known { #expect(ClusterIdentity.isKnownServer(version), "\(version)") }
        for version in others { #expect(!ClusterIdentity.isKnownServer(version), "\(version)") }
    }

    @Test(
        "patterns name schemas, tables and kinds",
        arguments: [
            ("audit", "audit", "log", true), ("audit", "public", "audit", false),
            ("public.tmp_*", "public", "tmp_1", true),
            ("public.tmp_*", "public", "atmp_1", false), ("*.log", "audit", "log", true),
            ("table:log", "audit", "log", true),
            ("table:audit.l?g", "audit", "log", true), ("view:log", "audit", "log", false),
            ("schema:aud*", "audit", "x", true),
            ("a*b*c.t", "axxbxxbyc", "t", true), ("a*b*c.t", "axxbxxby", "t", false),
        ]
    )
    func patterns(pattern: String, schema: String, table: String, matches: Bool) {
        #expect(TablePattern(pattern).matches(schema: schema, table: table) == matches)
    }

    @Test("anchors have enough transactions of either outcome")
    func coins() throws {
        for _ in 0..<200 {
            let coins = try AnchorCast.coins()
            #expect(coins.count == 64)
            #expect((24...40).contains(coins.count { $0 }))
        }
    }

    @Test("ranges of large objects cover every number once")
    func largeObjectRanges() {
        let oids: [UInt32] = [16400, 16401, 16500, 4_000_000_000]
        for count in 1...9 {
            let ranges = LargeObjectListing.cut(oids, into: count)
            #expect(tilingProblem(ranges) == nil)
            #expect(ranges.count <= count)
        }
    }

    @Test("small tables share a job, large ranges come first, and nothing is lost")
    func jobs() {
        let tasks = (0..<500).map { index in
            RangeTask(
                source: .table(index),
                blocks: .all,
                prospects: [.read(.noBase)],
                bytes: Int64(index % 50 == 0 ? index << 18 : index)
            )
        }
        let jobs = ExportJob.grouping(tasks)
        #expect(jobs.flatMap(\.tasks).count == 500)
        #expect(Set(jobs.flatMap(\.tasks)) == Set(tasks))
        #expect(jobs.count < 30)
        #expect(jobs.map(\.bytes) == jobs.map(\.bytes).sorted(by: >))
    }
}
