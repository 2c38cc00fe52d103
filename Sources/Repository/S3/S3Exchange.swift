import AgeEncryption
import Diagnostics
import HTTPClient
import Model
import Streams
import Synchronization

/// Signs requests, sends them, and sends again what failed for a reason that passes.
///
/// Works from any thread, and blocks. Retries live here and not in a decorator around the store: only here is it known which part of an upload failed, and
/// that a repeated creation which finds the object there may have met its own first attempt.
final class S3Exchange: Sendable {
    let address: S3Address
    let failure: S3Failure
    let stop: Stop?
    private let client: HTTPClient
    private let credentials: AWSCredentialSource
    private let signer: RequestSigner
    private let schedule: RetrySchedule
    /// Before the first answer, a server that is not there is more likely a wrong address than a passing trouble.
    private let hasAnswered = Atomic(false)
    /// Set when the store refused the headers of a checksum and took the same request without them.
    private let knowsNoChecksums = Atomic(false)
    /// Set when the bucket said that it keeps locks.
    let keepsLocks = Atomic(false)

    init(
        _ address: S3Address,
        displayName: String,
        client: HTTPClient,
        credentials: AWSCredentialSource,
        schedule: RetrySchedule,
        stop: Stop?
    ) {
        self.address = address
        failure = S3Failure(displayName: displayName, address: address)
        self.client = client
        self.credentials = credentials
        self.schedule = schedule
        self.stop = stop
        signer = RequestSigner(region: address.region)
    }

    /// The same way to the same bucket with other credentials.
    func with(_ credentials: AWSCredentialSource) -> S3Exchange {
        S3Exchange(
            address,
            displayName: failure.displayName,
            client: client,
            credentials: credentials,
            schedule: schedule,
            stop: stop
        )
    }

    /// The whole answer.
    ///
    /// Refusals whose code is in `expecting` are answers too; others are thrown as diagnostics.
    func send(_ request: S3Request, expecting: Set<String> = [], limit: Int = 4 << 20) throws -> S3Reply {
        try repeating(request) { http, isRepeated in
            let response = try client.perform(http, limit: limit)
            hasAnswered.store(true, ordering: .relaxed)
            if let error = S3Error(response) {
                let isAboutHeaders = error.mayRefuseChecksums && http.hasChecksum
                if isAboutHeaders || !expecting.contains(error.code) { throw error }
            } else if request.hasChecksum, !http.hasChecksum {
                knowsNoChecksums.store(true, ordering: .relaxed)
            }
            return S3Reply(response: response, wasRepeated: isRepeated)
        }
    }

    /// An answer whose body is pulled; statuses other than 200 and 206 are thrown as `S3Error`.
    func open(_ request: S3Request) throws -> HTTPAnswer {
        try repeating(request, translatesRefusals: false) { http, _ in
            let answer = try client.start(http)
            hasAnswered.store(true, ordering: .relaxed)
            guard answer.head.status == 200 || answer.head.status == 206 else {
                let body = (try? answer.readAll(limit: 1 << 20)) ?? []
                throw S3Error(HTTPResponse(head: answer.head, body: body)) ?? S3Error(answer.head)
            }
            return answer
        }
    }

    /// Waits before attempt `attempt + 1`, and not less than the store asks for; false when there is to be none.
    func pause(after attempt: Int, atLeast asked: Duration = .zero) throws -> Bool {
        guard let wait = schedule.wait(after: attempt, random: .random(in: 0...1)) else { return false }
        try schedule.pause(max(wait, min(asked, schedule.longestAsked)), stop: stop)
        return true
    }

    /// Whether uploads go without checksum headers; their bytes are then protected by the signature and an MD5.
    var refusesChecksums: Bool { knowsNoChecksums.load(ordering: .relaxed) }

    private func repeating<Value>(
        _ request: S3Request,
        translatesRefusals: Bool = true,
        _ attempt: (HTTPRequest, _ isRepeated: Bool) throws -> Value
    ) throws -> Value {
        var number = 1
        var hasRenewed = false
        var isRepeated = false
        var isBare = refusesChecksums
        while true {
            let now = Instant.now
            let identity = try credentials.current(now: now)
            do {
                let sent = isBare ? request.withoutChecksum() : request
                return try attempt(try signed(sent, identity, now), isRepeated)
            } catch let error as S3Error {
                if error.mayRefuseChecksums, !isBare, request.hasChecksum {
                    isBare = true
                    continue
                }
                if error.isAboutExpiry, !hasRenewed, try credentials.renewed(after: identity) != nil {
                    hasRenewed = true
                    continue
                }
                guard error.isTransient, try pause(after: number, atLeast: error.retryAfter ?? .zero) else {
                    if !translatesRefusals { throw error }
                    throw failure.diagnostic(error, to: request.purpose, now: now)
                }
            } catch let error as HTTPFailure {
                let isHopeless = !hasAnswered.load(ordering: .relaxed) && number >= 3
                guard error.isTransient, !isHopeless, try pause(after: number) else {
                    throw failure.diagnostic(error, to: request.purpose)
                }
            }
            number += 1
            isRepeated = true
        }
    }

    private func signed(_ request: S3Request, _ identity: AWSCredentials, _ now: Instant) throws -> HTTPRequest {
        let path = address.path(request.name)
        let query = S3Address.query(request.query)
        let payloadHash = Hex.encode(request.payload.sha256)
        var headers = request.headers
        headers.append(("x-amz-date", RequestSigner.timestamp(now)))
        headers.append(("x-amz-content-sha256", payloadHash))
        if let token = identity.sessionToken { headers.append(("x-amz-security-token", token)) }
        // Proxies may touch other headers; what decides what the store does is in these, the path and the query.
        let covered = headers.filter { $0.name.hasPrefix("x-amz-") || $0.name == "content-md5" }
        let authorization = try signer.authorization(
            RequestSigner.Request(
                method: request.method,
                path: path,
                query: query,
                headers: covered + [("host", address.requestHost)],
                payloadHash: payloadHash
            ),
            credentials: identity,
            at: now
        )
        headers.append(("Authorization", authorization))
        return HTTPRequest(
            request.method,
            address.url(path: path, query: query),
            headers: headers,
            body: request.payload.body
        )
    }
}

extension HTTPRequest {
    /// Whether a store that knows no checksums would refuse it.
    fileprivate var hasChecksum: Bool { headers.contains { S3Request.isAboutChecksum($0.name) } }
}
