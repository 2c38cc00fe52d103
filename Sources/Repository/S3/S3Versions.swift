import Diagnostics
import HTTPClient
import Model

/// The versions of a bucket's objects: what is still there behind delete markers.
struct S3Versions {
    /// The newest version of an object that is more than a marker.
    struct Version {
        var id: String
        var bytes: Int64
        var modified: Instant
    }

    let exchange: S3Exchange

    /// The newest version of everything whose name begins with `prefix`; all pages or an error.
    func newest(_ prefix: String) throws -> [String: Version] {
        var found: [String: Version] = [:]
        var markers: [(String, String)] = []
        while true {
            let page = try page([("versions", ""), ("prefix", prefix)] + markers)
            for entry in page.all("Version") {
                let (name, version) = try version(entry, prefix)
                // Those of one name come newest first, and are told apart by their times where they do not.
                if let known = found[name], known.modified >= version.modified { continue }
                found[name] = version
            }
            switch page["IsTruncated"]?.text {
            case "false": return found
            case "true": break
            default: throw incomplete("a page does not say whether it is the last")
            }
            guard let key = page["NextKeyMarker"]?.text, !key.isEmpty else {
                throw incomplete("a page is not the last and names no next one")
            }
            let next = [("key-marker", key), ("version-id-marker", page["NextVersionIdMarker"]?.text ?? "")]
            guard !next.elementsEqual(markers, by: ==) else { throw incomplete("a page names itself as the next") }
            markers = next
        }
    }

    private func page(_ query: [(String, String)]) throws -> XMLTree {
        var request = S3Request("GET", nil, to: "list versions")
        request.query = query
        let reply = try exchange.send(request, limit: 8 << 20)
        guard let tree = try? XMLReader.parse(reply.response.body), tree.name == "ListVersionsResult" else {
            throw incomplete("the answer is no list of versions")
        }
        return tree
    }

    private func version(_ entry: XMLTree, _ prefix: String) throws -> (String, Version) {
        guard let name = entry["Key"]?.text, name.hasPrefix(prefix), let id = entry["VersionId"]?.text,
            let bytes = entry["Size"].flatMap({ Int64($0.text) }),
            let modified = entry["LastModified"].flatMap({ Instant($0.text) })
        else { throw incomplete("an entry has no key, version, size or time") }
        return (name, Version(id: id, bytes: bytes, modified: modified))
    }

    private func incomplete(_ cause: String) -> Diagnostic {
        Diagnostic(
            .repositoryStorage,
            "cannot list the versions in \(exchange.failure.displayName) completely",
            cause: redacted(cause),
            hint: "Only a bucket with versions can give back what was deleted; run it again."
        )
    }
}
