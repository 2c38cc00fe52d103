import Glibc
import PostgresClient
import TestSupport
import Testing

@Suite("rows one by one")
struct RowStreamTests {
    @Test("every row arrives once, in order")
    func everyRow() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            var sum = 0
            var last = 0
            try connection.forEachRow("SELECT n, NULL AS nothing FROM generate_series(1, $1::int) AS n", ["1000"]) {
                row in
                let number = row["n"].flatMap { Int($0) } ?? 0
                #expect(number == last + 1)
                #expect(row["nothing"] == nil)
                sum += number
                last = number
            }
            #expect(sum == 500_500)
            #expect(try connection.query("SELECT 1")[0, 0] == "1")
        }
    }

    @Test("memory does not grow with the answer")
    func boundedMemory() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            var rows = 0
            let before = residentBytes()
            try connection.forEachRow("SELECT repeat('x', 10000) FROM generate_series(1, 20000)") { _ in rows += 1 }
            #expect(rows == 20_000)
            // 200 MB passed through.
            #expect(residentBytes() - before < 50 << 20)
        }
    }

    @Test("a body that throws ends the query at once and leaves the session usable", .timeLimit(.minutes(1)))
    func abandoned() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            #expect(throws: Rejection.self) {
                try connection.forEachRow("SELECT repeat('x', 1000), generate_series(1, 1000000000)") { _ in
                    throw Rejection()
                }
            }
            #expect(try connection.query("SELECT 1")[0, 0] == "1")
        }
    }

    @Test("an error after some rows is an error")
    func failsLate() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            var rows = 0
            let failure = #expect(throws: PostgresError.self) {
                try connection.forEachRow("SELECT 1 / (50 - n) FROM generate_series(1, 100) AS n") { _ in rows += 1 }
            }
            #expect(failure?.sqlState == "22012")
            #expect(rows == 49)
        }
    }
}

/// What this process holds in memory now, from the kernel.
private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, 256, file) != nil else { return 0 }
    let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
        separator: " "
    )
    return (Int(fields[1]) ?? 0) * Int(getpagesize())
}
