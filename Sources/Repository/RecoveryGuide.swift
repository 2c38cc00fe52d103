import Streams

/// `RECOVERY.md`: how to restore a point with age, zstd, tar, jq and psql, and nothing of ours.
enum RecoveryGuide {
    private static let title = "# Restoring without Lifeboat\n"

    static func text(for descriptor: RepositoryDescriptor) -> String {
        title
    }

    /// Whether a file under the guide's name was written by us, so that an interrupted creation may write it again.
    static func isOurs(_ source: any ByteSource) throws -> Bool {
        var start = [UInt8](repeating: 0, count: title.utf8.count)
        let count = try start.withUnsafeMutableBytes { try source.readFully(into: $0) }
        return start[..<count].elementsEqual(title.utf8)
    }
}
