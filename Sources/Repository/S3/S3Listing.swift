import HTTPClient
import Diagnostics
import Model

/// Lists a bucket: everything or an error.
///
/// A page that is missing must never look like objects that are gone.
struct S3Listing {
    /// An object as a listing shows it.
    struct Entry {
        var name: String
        var bytes: Int64
        var modified: Instant
    }

    /// An upload that was begun and neither completed nor aborted.
    struct Upload {
        var name: String
        var id: String
        var begun: Instant
    }

    let exchange: S3Exchange
    private static let purpose = "list objects"
    private static let unlistable: Set = ["NotImplemented", "MethodNotAllowed", "NoSuchUpload"]

    /// Visits every object whose name begins with `prefix`, page by page, until `body` returns false.
    func visit(_ prefix: String, _ body: (Entry) throws -> Bool) throws {
        var token: String?
        repeat {
            var query = [("list-type", "2"), ("prefix", prefix)]
            if let token { query.append(("continuation-token", token)) }
            guard let page = try page(query, root: "ListBucketResult", orNone: []) else { return }
            let contents = page.all("Contents")
            if let count = page["KeyCount"].flatMap({ Int($0.text) }), count > contents.count {
                throw incomplete("a page announces \(count) objects and has \(contents.count)")
            }
            for content in contents {
                guard try body(try entry(content, prefix, page)) else { return }
            }
            token = try next(page, token)
        } while token != nil
    }

    /// Every upload below `prefix` that is still open; none where the store does not tell.
    ///
    /// Servers that cannot list uploads say so in three ways; rclone's answers as if one had been asked for.
    func uploads(_ prefix: String) throws -> [Upload] {
        var found: [Upload] = []
        var markers: [(String, String)] = []
        while true {
            let query = [("uploads", ""), ("prefix", prefix)] + markers
            guard let page = try page(query, root: "ListMultipartUploadsResult", orNone: Self.unlistable) else {
                return found
            }
            for upload in page.all("Upload") {
                // One that does not say whose and how old it is cannot be judged, and stays.
                guard let name = upload["Key"]?.text, name.hasPrefix(prefix), let id = upload["UploadId"]?.text,
                    let begun = upload["Initiated"].flatMap({ Instant($0.text) })
                else { continue }
                found.append(Upload(name: name, id: id, begun: begun))
            }
            guard page["IsTruncated"]?.text == "true" else { return found }
            guard let key = page["NextKeyMarker"]?.text, !key.isEmpty else {
                throw incomplete("a page names no next one")
            }
            let next = [("key-marker", key), ("upload-id-marker", page["NextUploadIdMarker"]?.text ?? "")]
            guard !next.elementsEqual(markers, by: ==) else { throw incomplete("a page names itself as the next") }
            markers = next
        }
    }

    /// Nil when the store refuses with one of the codes in `orNone`.
    private func page(_ query: [(String, String)], root: String, orNone: Set<String>) throws -> XMLTree? {
        var request = S3Request("GET", nil, to: Self.purpose)
        request.query = query
        let reply = try exchange.send(request, expecting: orNone, limit: 8 << 20)
        if !orNone.isEmpty, S3Error(reply.response) != nil { return nil }
        do throws(XMLProblem) {
            let tree = try XMLReader.parse(reply.response.body)
            guard tree.name == root else { throw XMLProblem(reason: "the answer is '\(tree.name)'", place: 0) }
            return tree
        } catch {
            throw incomplete("\(error.reason) at byte \(error.place) of a page")
        }
    }

    private func entry(_ content: XMLTree, _ prefix: String, _ page: XMLTree) throws -> Entry {
        guard let key = content["Key"]?.text, let bytes = content["Size"].flatMap({ Int64($0.text) }),
            let modified = content["LastModified"].flatMap({ Instant($0.text) })
        else { throw incomplete("an entry has no key, size or time") }
        // Nobody asked for it, and some encode all the same.
        let name = page["EncodingType"]?.text == "url" ? S3Address.decode(key) : key
        guard name.hasPrefix(prefix) else { throw incomplete("it shows '\(name)', which was not asked for") }
        // A look-up tells whole seconds only, and the two must be comparable.
        return Entry(name: name, bytes: bytes, modified: Instant(secondsSinceEpoch: modified.secondsSinceEpoch))
    }

    private func next(_ page: XMLTree, _ token: String?) throws -> String? {
        switch page["IsTruncated"]?.text {
        case "false": return nil
        case "true":
            guard let next = page["NextContinuationToken"]?.text, !next.isEmpty else {
                throw incomplete("a page is not the last and names no next one")
            }
            guard next != token else { throw incomplete("a page names itself as the next") }
            return next
        default: throw incomplete("a page does not say whether it is the last")
        }
    }

    private func incomplete(_ cause: String) -> Diagnostic {
        Diagnostic(
            .repositoryStorage,
            "cannot list \(exchange.failure.displayName) completely",
            cause: redacted(cause),
            hint: "Run it again; nothing is decided by half a listing.",
            retry: .later
        )
    }
}
