import Diagnostics
import Glibc
import HTTPClient
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("HTTP over libcurl")
struct HTTPClientTests {
    private func client(_ change: (inout HTTPClientSettings) -> Void = { _ in }, stop: Stop? = nil) -> HTTPClient {
        var settings = HTTPClientSettings()
        settings.allowsPlainText = true
        change(&settings)
        return HTTPClient(settings, stop: stop)
    }

    private func kind(_ body: () throws -> Void) -> HTTPFailure.Kind? {
        do {
            try body()
            return nil
        } catch let failure as HTTPFailure {
            return failure.kind
        } catch {
            return nil
        }
    }

    @Test("a request arrives as it was made, and its answer comes back whole")
    func roundTrip() throws {
        let seen = Mutex<[(head: String, body: [UInt8])]>([])
        let server = try LoopbackServer { connection in
            while let request = connection.request() {
                seen.withLock { $0.append(request) }
                connection.answer("200 OK", headers: ["X-Mark:  two words "], body: "hello")
            }
        }
        let client = client()
        let url = "http://127.0.0.1:\(server.port)/a/..//%2F?x=1"
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        let sourced = HTTPBody.source(MemorySource(body), length: Int64(body.count))
        let put = try client.perform(
            HTTPRequest("PUT", url, headers: [("X-Own", "1"), ("X-Empty", "")], body: sourced)
        )
        #expect(put.status == 200 && put.body == Array("hello".utf8) && put.head["x-mark"] == "two words")
        for method in ["GET", "POST", "DELETE"] { #expect(try client.perform(HTTPRequest(method, url)).status == 200) }
        let requests = seen.withLock { $0 }
        #expect(requests.map { $0.head.split(separator: " ")[0] } == ["PUT", "GET", "POST", "DELETE"])
        #expect(requests[0].body == body)
        #expect(requests[0].head.contains("PUT /a/..//%2F?x=1 HTTP/1.1"))
        #expect(requests[0].head.contains("\r\nX-Own: 1\r\nX-Empty:"))
        #expect(LoopbackConnection.value("content-length", in: requests[2].head) == "0")
        #expect(!requests[0].head.lowercased().contains("expect:"))
    }

    @Test("requests one after the other share a connection")
    func reuse() throws {
        let server = try LoopbackServer { connection in
            while connection.request() != nil { connection.answer("200 OK", body: "x") }
        }
        let client = client()
        for _ in 0..<20 { _ = try client.perform(HTTPRequest("GET", "http://127.0.0.1:\(server.port)/")) }
        #expect(server.connections == 1)
    }

    @Test("a name that nobody knows is that each time, and the next request goes on")
    func unknownName() throws {
        let server = try LoopbackServer { connection in
            while connection.request() != nil { connection.answer("200 OK", body: "x") }
        }
        let client = client()
        for _ in 0..<3 {
            #expect(kind { _ = try client.perform(HTTPRequest("GET", "http://nobody.invalid/")) } == .name)
        }
        #expect(try client.perform(HTTPRequest("GET", "http://127.0.0.1:\(server.port)/")).body == Array("x".utf8))
    }

    @Test("a slow reader slows the server down, and memory stays bounded")
    func backPressure() throws {
        let sent = ProgressCounter()
        let total = 24 << 20
        let server = try LoopbackServer { connection in
            guard connection.request() != nil else { return }
            connection.send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n".utf8))
            let piece = [UInt8](repeating: 7, count: 64 << 10)
            while sent.value < Int64(total), connection.send(piece) { sent.add(Int64(piece.count)) }
        }
        let answer = try client().start(HTTPRequest("GET", "http://127.0.0.1:\(server.port)/"))
        usleep(300_000)
        #expect(sent.value < 16 << 20, "the kernel's buffers and ours, not the whole body")
        let counter = ByteCounter(into: Discard())
        try answer.copy(into: counter)
        #expect(counter.count == total)
        #expect(answer.vainWaits < 12, "a fast server is not waited for, whoever had enough for the moment")
    }

    @Test("a body that ends early is an error, never an end")
    func cutBody() throws {
        let server = try LoopbackServer { connection in
            guard connection.request() != nil else { return }
            connection.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this".utf8))
        }
        let url = "http://127.0.0.1:\(server.port)/"
        #expect(kind { _ = try client().perform(HTTPRequest("GET", url)) } == .cut)
    }

    @Test("a server that falls silent is left after the limit; one that was never there at once")
    func silence() throws {
        let server = try LoopbackServer { connection in
            guard connection.request() != nil else { return }
            connection.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx".utf8))
            _ = connection.fill()
        }
        let silent = client { $0.stallSeconds = 1 }
        #expect(kind { _ = try silent.perform(HTTPRequest("GET", "http://127.0.0.1:\(server.port)/")) } == .stalled)
        let nobody = "http://127.0.0.1:\(try unusedPort())/"
        #expect(kind { _ = try client().perform(HTTPRequest("GET", nobody)) } == .connection)
    }

    @Test("a run that is told to stop does not wait for the server")
    func stopping() throws {
        let server = try LoopbackServer { connection in
            guard connection.request() != nil else { return }
            _ = connection.fill()
        }
        let stop = Stop()
        startDedicatedThread {
            usleep(200_000)
            stop.request()
        }
        let started = ContinuousClock.now
        #expect(throws: Stopped.self) {
            _ = try client(stop: stop).perform(HTTPRequest("GET", "http://127.0.0.1:\(server.port)/"))
        }
        #expect(.now - started < .seconds(5))
    }

    @Test("a redirect is an answer, other protocols are refused, and plain text only where it was allowed")
    func whereRequestsGo() throws {
        let server = try LoopbackServer { connection in
            while connection.request() != nil {
                connection.answer("307 Temporary Redirect", headers: ["Location: http://127.0.0.1:1/elsewhere"])
            }
        }
        let url = "http://127.0.0.1:\(server.port)/"
        #expect(try client().perform(HTTPRequest("GET", url)).status == 307)
        #expect(kind { _ = try HTTPClient(HTTPClientSettings()).perform(HTTPRequest("GET", url)) } == .address)
        #expect(kind { _ = try client().perform(HTTPRequest("GET", "file:///etc/passwd")) } == .address)
        #expect(server.connections == 1)
    }

    @Test("an answer larger than its caller would hold is refused")
    func tooLarge() throws {
        let server = try LoopbackServer { connection in
            while connection.request() != nil { connection.answer("200 OK", body: String(repeating: "x", count: 5000)) }
        }
        let request = HTTPRequest("GET", "http://127.0.0.1:\(server.port)/")
        #expect(kind { _ = try client().perform(request, limit: 4999) } == .tooLarge)
        #expect(try client().perform(request, limit: 5000).body.count == 5000)
    }

    @Test("a certificate that nobody vouches for is refused, and one from the file that was named is taken")
    func certificates() throws {
        try withScratchFolder { folder in
            let port = try unusedPort()
            let make = """
                openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1/key" -out "$1/cert" -days 2 \
                    -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
                """
            #expect(try ChildProcess.run(ChildLaunch("/bin/sh", ["-c", make, "sh", folder])).ending.isSuccess)
            let arguments = [
                "s_server", "-accept", "127.0.0.1:\(port)", "-key", folder + "/key", "-cert", folder + "/cert", "-www",
                "-quiet",
            ]
            let server = try ChildProcess(
                starting: ChildLaunch(
                    "/usr/bin/openssl",
                    arguments,
                    workingDirectory: folder,
                    signalAtOurDeath: .terminate
                )
            )
            defer { server.end([ChildProcess.EndingStep(.terminate, waiting: .seconds(5))]) }
            let trusting = client {
                $0.certificateFile = folder + "/cert"
                $0.allowsPlainText = false
            }
            let request = HTTPRequest("GET", "https://127.0.0.1:\(port)/")
            var answer: HTTPResponse?
            for _ in 0..<100 where answer == nil {
                answer = try? trusting.perform(request)
                usleep(50_000)
            }
            #expect(answer?.status == 200)
            #expect(kind { _ = try client().perform(request) } == .certificate)
            let otherName = HTTPRequest("GET", "https://localhost:\(port)/")
            #expect(kind { _ = try trusting.perform(otherName) } == .certificate)
        }
    }
}

/// Takes everything and keeps nothing.
private final class Discard: ByteSink {
    func write(_ bytes: RawSpan) {}
    func finish() {}
}
