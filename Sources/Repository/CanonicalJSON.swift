import Diagnostics
import FoundationEssentials
import Model

/// JSON as it is stored: sorted keys, no escaped slashes, so that equal values have equal bytes.
enum CanonicalJSON {
    static func encode(_ value: some Encodable, pretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return Array(try encoder.encode(value))
    }

    /// Reads a value; what is wrong becomes an `object-corrupt` that names `object`.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], object: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw Diagnostic(.objectCorrupt, "cannot read \(object)", cause: redacted(Self.describe(error)))
        }
    }

    /// Reads an index, which may list tens of thousands of tables, without `Codable`; errors as from `decode`.
    static func manifest(from bytes: [UInt8], object: String) throws -> Manifest {
        do {
            let format = try JSONReader.format(of: bytes)
            try FormatProbe(format: format).check(supported: Manifest.currentFormat, object: object)
            return try JSONReader.read(bytes) { try Manifest(from: &$0) }
        } catch let failure as JSONReader.Failure {
            throw Diagnostic(.objectCorrupt, "cannot read \(object)", cause: redacted("\(failure)"))
        }
    }

    private static func describe(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return (path.isEmpty ? "" : path.joined(separator: ".") + ": ") + context.debugDescription
        @unknown default:
            return "it is not the JSON that was expected"
        }
    }
}

/// Only the format number, read before anything else of an object is believed.
struct FormatProbe: Decodable {
    var format: Int

    /// Refuses what only a later version can read.
    static func check(_ bytes: [UInt8], supported: Int, object: String) throws {
        try CanonicalJSON.decode(FormatProbe.self, from: bytes, object: object)
            .check(supported: supported, object: object)
    }

    func check(supported: Int, object: String) throws {
        guard format > supported else { return }
        throw Diagnostic(
            .repositoryFormat,
            "cannot read \(object): its format is \(format), and this version reads up to \(supported)",
            hint: "Upgrade lifeboat."
        )
    }
}
