import HTTPClient
import Diagnostics
import Model
import Streams

/// An object sent in parts, several at once; each part is repeated alone when it fails.
///
/// Used by one writer; the parts go out on threads of their own.
final class MultipartUpload: Sendable {
    private struct Sent: Sendable {
        var etag: String
        /// Nil where the store knows no checksums.
        var checksum: String?
        var digest: PartDigest
    }

    private struct State: Sendable {
        var begun = 0
        var inFlight = 0
        var sent: [Int: Sent] = [:]
        var failure: (any Error)?
        var isAbandoned = false
    }

    private let key: ObjectKey
    private let id: String
    private let uploads: S3Uploads
    private let state = Monitor(State())

    private var exchange: S3Exchange { uploads.exchange }

    init(beginning key: ObjectKey, _ uploads: S3Uploads) throws {
        self.key = key
        self.uploads = uploads
        let purpose = "begin writing '\(key)'"
        var request = S3Request("POST", uploads.exchange.address.name(key), to: purpose)
        request.query = [("uploads", "")]
        request.headers = uploads.headersOfNewObject(now: .now) + [("x-amz-checksum-algorithm", "SHA256")]
        let reply = try uploads.exchange.send(request)
        let tree = try? XMLReader.parse(reply.response.body)
        guard let id = tree?["UploadId"]?.text, !id.isEmpty else {
            throw uploads.exchange.failure.unreadable(purpose, "the answer names no upload")
        }
        self.id = id
    }

    /// Sends a part in the background, once there is room for one more; throws what an earlier one failed with.
    func send(_ part: UploadPart) throws {
        uploads.slots.enter()
        let number: Int
        do {
            number = try state.change { state in
                if let failure = state.failure { throw failure }
                state.begun += 1
                state.inFlight += 1
                return state.begun
            }
        } catch {
            uploads.slots.leave()
            throw error
        }
        part.launch()
        startDedicatedThread { [self] in
            let result = Result { try put(part, number) }
            part.land()
            uploads.slots.leave()
            ended(number, result)
        }
    }

    /// Waits for all parts and makes the object of them.
    func complete() throws {
        let sent = try state.when({ $0.inFlight == 0 }) { state in
            if let failure = state.failure { throw failure }
            return state.sent.sorted { $0.key < $1.key }
        }
        let parts = sent.map { number, part in
            "<Part><PartNumber>\(number)</PartNumber><ETag>\(part.etag.escapedForXML)</ETag>"
                + (part.checksum.map { "<ChecksumSHA256>\($0)</ChecksumSHA256>" } ?? "") + "</Part>"
        }
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        let document = "<CompleteMultipartUpload xmlns=\"\(namespace)\">\(parts.joined())</CompleteMultipartUpload>"
        var request = S3Request("POST", exchange.address.name(key), to: "finish writing '\(key)'")
        request.query = [("uploadId", id)]
        request.headers = [("Content-Type", "application/xml")]
        request.payload = S3Payload(Array(document.utf8))
        let digests = sent.map(\.value.digest)
        let reply = try uploads.create(request, at: key, parts: digests, lost: ["NoSuchUpload"])
        // An answer that was cut after `200 OK` says nothing: the object itself must.
        guard S3Error(reply.response) == nil,
            (try? XMLReader.parse(reply.response.body))?.name != "CompleteMultipartUploadResult"
        else { return }
        guard try StoredCopy(key, in: exchange).holds(digests) else {
            throw exchange.failure.unreadable(request.purpose, "the answer does not say that the object is complete")
        }
    }

    /// Throws away what was sent, now or when the parts that are on their way have ended.
    func abandon() {
        let isIdle = state.change { state in
            state.isAbandoned = true
            return state.inFlight == 0
        }
        if isIdle { abort() }
    }

    private func put(_ part: UploadPart, _ number: Int) throws -> Sent {
        var request = S3Request("PUT", exchange.address.name(key), to: "write part \(number) of '\(key)'")
        request.query = [("partNumber", String(number)), ("uploadId", id)]
        request.payload = S3Payload(part)
        let reply = try exchange.send(request.checksummed())
        guard let etag = reply.head["etag"] else {
            throw exchange.failure.unreadable(request.purpose, "the answer names no ETag")
        }
        let digest = PartDigest(count: part.count, sha256: request.payload.sha256)
        // Some stores pass over the header, and refuse a document that names what they do not know.
        let isKept = !exchange.refusesChecksums && reply.head["x-amz-checksum-sha256"] != nil
        let checksum = isKept ? request.payload.checksum : nil
        return Sent(etag: etag, checksum: checksum, digest: digest)
    }

    private func ended(_ number: Int, _ result: Result<Sent, any Error>) {
        let mustAbort = state.change { state in
            state.inFlight -= 1
            switch result {
            case .success(let sent): state.sent[number] = sent
            case .failure(let error): if state.failure == nil { state.failure = error }
            }
            return state.isAbandoned && state.inFlight == 0
        }
        if mustAbort { abort() }
    }

    /// A failure leaves an orphan, which a later collection clears away.
    private func abort() {
        var request = S3Request("DELETE", exchange.address.name(key), to: "give up writing '\(key)'")
        request.query = [("uploadId", id)]
        _ = try? exchange.send(request, expecting: ["NoSuchUpload"])
    }
}
