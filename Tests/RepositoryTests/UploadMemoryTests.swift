import Repository
import Streams
import TestSupport
import Testing

@Suite("The memory of uploads")
struct UploadMemoryTests {
    private static let part = 5 << 20

    private func server(slow milliseconds: UInt32 = 0) throws -> PeculiarS3 {
        var ways = PeculiarS3.Ways()
        ways.partMilliseconds = milliseconds
        return try PeculiarS3(ways)
    }

    private func store(_ server: PeculiarS3, _ memory: UploadMemory) throws -> S3Store {
        var settings = S3Settings(bucket: PeculiarS3.bucket)
        settings.memory = memory
        // Far more than there is memory for.
        settings.partsInFlight = 100
        settings.endpoint = server.endpoint
        return try S3Store(settings, environment: ["AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"])
    }

    /// Another byte every 200 kB, so that a block in the wrong place shows.
    private static func content(_ count: Int) -> [UInt8] {
        let step = 200_000
        return (0...count / step).reduce(into: []) { bytes, number in
            bytes += [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: min(step, count - number * step))
        }
    }

    @Test("stays under its limit while several writers feed several slow stores that allow a hundred parts each")
    func bounded() throws {
        let limit = 4 * Self.part + Self.part / 2
        let memory = UploadMemory(byteLimit: limit)
        let servers = try (0..<2).map { _ in try server(slow: 100) }
        let stores = try servers.map { try store($0, memory) }
        defer { withExtendedLifetime(servers) {} }
        let content = Self.content(2 * Self.part + 77)
        try runWorkers([0, 1], workerCount: 2, stop: Stop(), makeWorker: { $0 }) { (_: inout Int, worker: Int) in
            // In step, as one archive goes into several repositories.
            let writers = try stores.map { try $0.create(try objectKey("a/\(worker)")) }
            for start in stride(from: 0, to: content.count, by: 900_000) {
                let piece = Array(content[start..<min(start + 900_000, content.count)])
                for writer in writers { try writer.write(contentsOf: piece) }
            }
            for writer in writers { try writer.finish() }
        } finishWorker: { _ in
        }
        for (worker, store) in stores.enumerated() {
            #expect(try store.get(try objectKey("a/\(worker)"), limit: 64 << 20) == content)
            #expect(try store.info(try objectKey("a/\(1 - worker)"))?.bytes == Int64(content.count))
        }
        #expect(memory.peakBytes <= limit && memory.peakBytes > 3 * Self.part, "\(memory.peakBytes)")
    }

    @Test("never keeps a writer waiting for memory that only the same thread can give back")
    func oneThread() throws {
        let memory = UploadMemory(byteLimit: 1)
        let server = try server()
        let store = try store(server, memory)
        defer { withExtendedLifetime(server) {} }
        let content = Self.content(Self.part + 400_000)
        let writers = try (0..<3).map { try store.create(try objectKey("b/\($0)")) }
        for start in stride(from: 0, to: content.count, by: 1 << 20) {
            let piece = Array(content[start..<min(start + 1 << 20, content.count)])
            for writer in writers { try writer.write(contentsOf: piece) }
        }
        for writer in writers { try writer.finish() }
        #expect(try store.get(try objectKey("b/2"), limit: 64 << 20) == content)
        #expect(memory.peakBytes <= 3 * Self.part + (256 << 10), "\(memory.peakBytes)")
    }

    @Test("comes back when an object is given up")
    func abandoned() throws {
        let memory = UploadMemory(byteLimit: 2 * Self.part)
        let server = try server()
        let store = try store(server, memory)
        defer { withExtendedLifetime(server) {} }
        let content = Self.content(Self.part + 1000)
        for number in 0..<4 {
            let writer = try store.create(try objectKey("c/\(number)"))
            try writer.write(contentsOf: content)
        }
        #expect(memory.peakBytes <= 2 * Self.part, "\(memory.peakBytes)")
    }
}
