import Diagnostics
import Model
import Streams

/// An object on its way into a bucket: one request when it fits into a part, else a multipart upload.
///
/// Fills one part (5 MiB) while others are sent by threads of their own. One thread. Dropping it abandons the object.
final class S3Writer: ObjectWriter {
    private let key: ObjectKey
    private let uploads: S3Uploads
    private let begun = Instant.now
    private var part: UploadPart?
    private var upload: MultipartUpload?

    init(_ key: ObjectKey, _ uploads: S3Uploads) {
        self.key = key
        self.uploads = uploads
    }

    deinit {
        upload?.abandon()
    }

    func write(_ bytes: RawSpan) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let current = try partWithRoom()
                rest = rest.dropFirst(current.append(UnsafeRawBufferPointer(rebasing: rest)))
            }
        }
    }

    func finish() throws {
        let last = part ?? UploadPart(in: uploads.memory)
        part = nil
        if let upload {
            try upload.send(last)
            try upload.complete()
            self.upload = nil
        } else {
            try putWhole(last)
        }
        try uploads.ensureLock(key, since: begun)
    }

    /// A full part goes only when more bytes come: an upload must not end with an empty one.
    private func partWithRoom() throws -> UploadPart {
        if let part, !part.isFull { return part }
        if let full = part {
            part = nil
            let running = try upload ?? MultipartUpload(beginning: key, uploads)
            upload = running
            try running.send(full)
        }
        let fresh = UploadPart(in: uploads.memory)
        part = fresh
        return fresh
    }

    private func putWhole(_ part: UploadPart) throws {
        part.launch()
        defer { part.land() }
        var request = S3Request("PUT", uploads.exchange.address.name(key), to: "write '\(key)'")
        request.payload = S3Payload(part)
        request.headers = uploads.headersOfNewObject(now: .now)
        let digest = PartDigest(count: part.count, sha256: request.payload.sha256)
        _ = try uploads.create(request.checksummed(withMD5: uploads.locks), at: key, parts: [digest])
    }
}
