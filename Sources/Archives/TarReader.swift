import CArchive
import Diagnostics
import Glibc
package import Streams

/// One regular file in a tar.
package struct TarEntry: Equatable, Sendable {
    package let name: String
    package let size: Int64
    /// Where the entry's first header stands, counted from where reading began.
    package let offset: Int64
}

/// Reads a tar, or a part of one that starts at an entry's header and ends after an entry's padding.
///
/// Accepts regular files only, with names that are safe, that `accepts` allows, and that did not come before. Links,
/// devices, folders, sparse files, damage and bytes that belong to no entry are errors; after one every call throws it
/// again. As a source it delivers the current entry, and 0 only after the entry's last byte. Belongs to one thread;
/// holds 64 KiB and the names it has seen.
package final class TarReader: ByteSource {
    private let archive: OpaquePointer
    private let inlet: Inlet
    private let name: String
    private let expectsEndMarker: Bool
    private let accepts: (String) -> Bool
    private var seen: Set<String> = []
    private var current: TarEntry?
    private var delivered: Int64 = 0
    /// What libarchive handed out last and has not been delivered; valid until the next call into it.
    private var block = UnsafeRawBufferPointer(start: nil, count: 0)
    private var isAtEnd = false
    private var failure: (any Error)?
    private var remarks = ArchiveNotes()

    /// What libarchive warned about without refusing.
    package var notes: [String] { remarks.texts }

    /// Opens a tar; errors call it `name`.
    ///
    /// With `expectsEndMarker` the source is a whole archive: it must end with the two zero blocks, and only zeros may
    /// follow. Without, it must end right after an entry.
    package init(
        from source: any ByteSource,
        named name: String,
        expectsEndMarker: Bool,
        accepting accepts: @escaping (String) -> Bool = { MemberName(parsing: $0) != nil }
    ) throws {
        guard let archive = archive_read_new() else {
            throw Diagnostic(.resourceExhausted, "cannot read archive '\(name)'", cause: "out of memory")
        }
        self.archive = archive
        self.name = name
        self.expectsEndMarker = expectsEndMarker
        self.accepts = accepts
        inlet = Inlet(source)
        // Set, not guessed: an empty source is an empty part, and no other format is ever tried.
        try check(archive_read_set_format(archive, ARCHIVE_FORMAT_TAR))
        let context = Unmanaged.passUnretained(inlet).toOpaque()
        try check(archive_read_open(archive, context, nil, { Inlet.deliver($0, $1, $2) }, nil))
    }

    deinit { archive_read_free(archive) }

    /// Moves to the next entry, over what was not read of this one; `nil` at the end.
    package func next() throws -> TarEntry? {
        try remembering {
            guard !isAtEnd else { return nil }
            block = UnsafeRawBufferPointer(start: nil, count: 0)
            current = nil
            var entry: OpaquePointer?
            let code = archive_read_next_header(archive, &entry)
            try check(code)
            guard code != ARCHIVE_EOF, let entry else {
                try checkEnd()
                isAtEnd = true
                return nil
            }
            delivered = 0
            current = try accept(entry)
            return current
        }
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try remembering {
            guard let current else { return 0 }
            if block.isEmpty, try !nextBlock(of: current) { return 0 }
            let count = min(buffer.count, block.count)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[..<count]))
            block = UnsafeRawBufferPointer(rebasing: block[count...])
            delivered += Int64(count)
            return count
        }
    }

    /// Fetches the next bytes that are not none; `false` after the entry's last.
    private func nextBlock(of entry: TarEntry) throws -> Bool {
        while true {
            var start: UnsafeRawPointer?
            var count = 0
            var offset: Int64 = 0
            let code = archive_read_data_block(archive, &start, &count, &offset)
            try check(code)
            guard code != ARCHIVE_EOF else {
                guard delivered == entry.size else { throw corrupt("'\(entry.name)' ends after \(delivered) bytes") }
                return false
            }
            guard offset == delivered, Int64(count) <= entry.size - delivered else {
                throw corrupt("'\(entry.name)' does not have the \(entry.size) bytes that its header names")
            }
            block = UnsafeRawBufferPointer(start: start, count: count)
            if count > 0 { return true }
        }
    }

    private func accept(_ entry: OpaquePointer) throws -> TarEntry {
        guard let raw = archive_entry_pathname(entry) else { throw corrupt("an entry has no readable name") }
        let entryName = String(cString: raw)
        guard EntryPath.isSafe(entryName), accepts(entryName) else {
            throw corrupt("an entry is named '\(redacted(entryName))', which is no name of a member")
        }
        guard archive_entry_filetype(entry) == carchive_regular_file.rawValue, archive_entry_hardlink(entry) == nil,
            archive_entry_symlink(entry) == nil, archive_entry_sparse_count(entry) == 0,
            archive_entry_size_is_set(entry) != 0, archive_entry_size(entry) >= 0
        else { throw corrupt("'\(entryName)' is not a regular file") }
        guard seen.insert(entryName).inserted else { throw corrupt("'\(entryName)' comes twice") }
        return TarEntry(
            name: entryName,
            size: archive_entry_size(entry),
            offset: archive_read_header_position(archive)
        )
    }

    /// Looks at what libarchive forgives: it takes any end between two headers, and any bytes after one zero block.
    private func checkEnd() throws {
        let end = archive_read_header_position(archive)
        try inlet.drain()
        if expectsEndMarker {
            guard inlet.position - end >= 1024 else { throw corrupt("it has no end marker: it was cut off") }
            guard inlet.contentEnd <= end else { throw corrupt("bytes follow its last entry") }
        } else {
            guard inlet.position == end else { throw corrupt("\(inlet.position - end) bytes follow its last entry") }
        }
    }

    private func remembering<Value>(_ body: () throws -> Value) throws -> Value {
        if let failure { throw failure }
        do {
            return try body()
        } catch {
            failure = error
            block = UnsafeRawBufferPointer(start: nil, count: 0)
            throw error
        }
    }

    private func check(_ code: CInt) throws {
        let status = ArchiveStatus(code, of: archive)
        if let failure = inlet.failure { throw failure }
        guard status.isUsable else { throw corrupt(status.message ?? "libarchive: status \(code)") }
        remarks.add(status.message)
    }

    private func corrupt(_ cause: String) -> Diagnostic {
        Diagnostic(.objectCorrupt, "cannot read archive '\(name)'", cause: cause)
    }
}

/// Where libarchive's bytes come from: a C callback cannot throw, so the source's failure waits here for the caller.
private final class Inlet {
    private let source: any ByteSource
    private let buffer = IOBuffer(capacity: 64 << 10)
    /// How many bytes have been handed on.
    private(set) var position: Int64 = 0
    /// Where the last byte that is not zero ended.
    private(set) var contentEnd: Int64 = 0
    private(set) var failure: (any Error)?

    init(_ source: any ByteSource) { self.source = source }

    /// Reads on to the end, for `position` and `contentEnd` only.
    func drain() throws {
        while try refill() > 0 {}
    }

    private func refill() throws -> Int {
        let count = try source.readFully(into: buffer.storage)
        // Looks at trailing zeros only, so this costs nothing while there is data.
        if let last = buffer.prefix(count).lastIndex(where: { $0 != 0 }) { contentEnd = position + Int64(last) + 1 }
        position += Int64(count)
        return count
    }

    static func deliver(
        _ archive: OpaquePointer?,
        _ context: UnsafeMutableRawPointer?,
        _ start: UnsafeMutablePointer<UnsafeRawPointer?>?
    ) -> Int {
        guard let context, let start else { return -1 }
        let inlet = Unmanaged<Inlet>.fromOpaque(context).takeUnretainedValue()
        do {
            let count = try inlet.refill()
            start.pointee = UnsafeRawPointer(inlet.buffer.storage.baseAddress)
            return count
        } catch {
            inlet.failure = error
            if let archive { carchive_set_error(archive, EIO, "the source failed") }
            return -1
        }
    }
}
