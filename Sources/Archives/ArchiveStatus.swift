import CArchive
import Diagnostics

/// What one libarchive call ended with, besides success.
struct ArchiveStatus {
    /// Whether the call did what it was asked to.
    let isUsable: Bool
    /// The library's own words, when it has any.
    let message: String?

    /// Reads the message at once: the next call on `archive` overwrites it.
    init(_ code: CInt, of archive: OpaquePointer) {
        isUsable = code == ARCHIVE_OK || code == ARCHIVE_WARN || code == ARCHIVE_EOF
        message =
            code == ARCHIVE_OK || code == ARCHIVE_EOF
            ? nil
            : archive_error_string(archive).map { "libarchive: " + redacted(String(cString: $0)) }
                ?? "libarchive: status \(code)"
    }
}

/// What the library remarked without refusing, the first few.
struct ArchiveNotes {
    private static let limit = 16

    private(set) var texts: [String] = []

    mutating func add(_ text: String?) {
        guard let text, texts.count < Self.limit else { return }
        texts.append(text)
    }
}
