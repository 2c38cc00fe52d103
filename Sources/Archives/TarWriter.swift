import CArchive
import Diagnostics
import Glibc
package import Streams

/// Writes a tar into a sink: ustar headers, with a pax header in front only where a name or size does not fit.
///
/// Belongs to one thread. Headers carry nothing of this machine (mode 0600, owner 0, no names, one time for all), so
/// the same entries always give the same bytes. Nothing is blocked or held back: when an entry ends, `position` is
/// exactly where the next header will stand. Dropping a writer without `finish()` leaves out the end marker, so what
/// was written cannot pass for a whole archive. Allocates nothing per byte; keeps no names.
package final class TarWriter {
    private enum Phase {
        case betweenEntries
        case inEntry(name: String, start: Int64, remaining: Int64)
        case finished
        case failed
    }

    private let archive: OpaquePointer
    private let outlet: Outlet
    private let name: String
    private let modified: Int64
    private var phase = Phase.betweenEntries
    private var remarks = ArchiveNotes()

    /// What libarchive warned about; the entries were written nevertheless.
    package var notes: [String] { remarks.texts }

    /// How many bytes of tar have gone into the sink.
    package var position: Int64 { outlet.position }

    /// Starts a tar; `modified` is every entry's time in seconds since 1970, and errors call the tar `name`.
    package init(into sink: any ByteSink, named name: String, modified: Int64 = 0) throws {
        guard let archive = archive_write_new() else { throw Self.outOfMemory(name) }
        self.archive = archive
        self.name = name
        self.modified = modified
        outlet = Outlet(sink)
        try check(archive_write_set_format_pax_restricted(archive))
        try check(archive_write_add_filter_none(archive))
        try check(archive_write_set_bytes_per_block(archive, 0))
        try check(archive_write_set_bytes_in_last_block(archive, 1))
        let context = Unmanaged.passUnretained(outlet).toOpaque()
        try check(archive_write_open(archive, context, nil, { Outlet.receive($1, $2, $3) }, nil))
    }

    deinit {
        // Without this, freeing would close, and closing would write the end marker.
        if case .finished = phase {} else { archive_write_fail(archive) }
        archive_write_free(archive)
    }

    /// Writes one entry and returns where it lies in the tar, headers and padding included.
    @discardableResult
    package func writeEntry(name: String, _ bytes: UnsafeRawBufferPointer) throws -> Range<Int64> {
        try beginEntry(name: name, size: Int64(bytes.count))
        try write(bytes.bytes)
        return try endEntry()
    }

    /// Starts an entry of exactly `size` bytes.
    package func beginEntry(name: String, size: Int64) throws {
        guard case .betweenEntries = phase else { throw misuse("an entry began where none may begin") }
        guard EntryPath.isSafe(name), size >= 0 else { throw misuse("'\(name)' is no entry that a reader accepts") }
        guard let entry = archive_entry_new() else { throw Self.outOfMemory(self.name) }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname(entry, name)
        archive_entry_set_size(entry, size)
        archive_entry_set_filetype(entry, carchive_regular_file.rawValue)
        archive_entry_set_perm(entry, 0o600)
        archive_entry_set_mtime(entry, time_t(modified), 0)
        let start = position
        try check(archive_write_header(archive, entry))
        phase = .inEntry(name: name, start: start, remaining: size)
    }

    /// Writes the next bytes of the entry.
    package func write(_ bytes: RawSpan) throws {
        guard case .inEntry(let entry, let start, let remaining) = phase, bytes.byteCount <= remaining else {
            throw misuse("more bytes came than the entry was announced with")
        }
        let written = bytes.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
        // A count comes back as it is, a failure as a negative status.
        try check(CInt(clamping: min(0, written)))
        guard written == bytes.byteCount else { throw misuse("libarchive took \(written) of \(bytes.byteCount) bytes") }
        phase = .inEntry(name: entry, start: start, remaining: remaining - Int64(written))
    }

    /// Ends the entry and returns where it lies in the tar; throws if bytes are missing.
    @discardableResult
    package func endEntry() throws -> Range<Int64> {
        guard case .inEntry(let entry, let start, let remaining) = phase else { throw misuse("no entry has begun") }
        guard remaining == 0 else { throw misuse("'\(entry)' ends \(remaining) bytes too early") }
        try check(archive_write_finish_entry(archive))
        phase = .betweenEntries
        return start..<position
    }

    /// Writes the end marker and finishes the sink.
    package func finish() throws {
        guard case .betweenEntries = phase else { throw misuse("it was finished inside an entry or after a failure") }
        try check(archive_write_close(archive))
        phase = .finished
        try outlet.sink.finish()
    }

    private func check(_ code: CInt) throws {
        let status = ArchiveStatus(code, of: archive)
        if status.isUsable {
            remarks.add(status.message)
            return
        }
        phase = .failed
        if let failure = outlet.failure { throw failure }
        throw Diagnostic(.internalError, "cannot write archive '\(name)'", cause: status.message)
    }

    private func misuse(_ cause: String) -> Diagnostic {
        phase = .failed
        return Diagnostic(.internalError, "cannot write archive '\(name)'", cause: cause)
    }

    private static func outOfMemory(_ name: String) -> Diagnostic {
        Diagnostic(.resourceExhausted, "cannot write archive '\(name)'", cause: "out of memory")
    }
}

/// Where libarchive's bytes go: a C callback cannot throw, so the sink's failure waits here for the caller.
private final class Outlet {
    let sink: any ByteSink
    private(set) var position: Int64 = 0
    private(set) var failure: (any Error)?

    init(_ sink: any ByteSink) { self.sink = sink }

    static func receive(
        _ context: UnsafeMutableRawPointer?,
        _ bytes: UnsafeRawPointer?,
        _ count: Int
    ) -> Int {
        guard let context else { return -1 }
        let outlet = Unmanaged<Outlet>.fromOpaque(context).takeUnretainedValue()
        do {
            try outlet.sink.write(UnsafeRawBufferPointer(start: bytes, count: count).bytes)
            outlet.position += Int64(count)
            return count
        } catch {
            outlet.failure = error
            return -1
        }
    }
}
