import CSSH2
import Glibc

/// An open file or folder of a server; closed with its owner, if its session still lives.
///
/// Belongs to the thread that its session belongs to at the moment.
package final class SFTPFile {
    package let session: SFTPSession
    private(set) var handle: OpaquePointer?

    init(_ session: SFTPSession, _ path: String, flags: Int32) throws(SecureShellError) {
        self.session = session
        let count = UInt32(path.utf8.count)
        let sftp = session.handle
        handle = try session.session.repeatedHandle {
            libssh2_sftp_open_ex(sftp, path, count, UInt(flags), 0o600, LIBSSH2_SFTP_OPENFILE)
        }
        guard handle != nil else { throw session.refusal(session.session.lastNumber) }
    }

    init(_ session: SFTPSession, folder path: String) throws(SecureShellError) {
        self.session = session
        let count = UInt32(path.utf8.count)
        let sftp = session.handle
        handle = try session.session.repeatedHandle {
            libssh2_sftp_open_ex(sftp, path, count, 0, 0, LIBSSH2_SFTP_OPENDIR)
        }
        guard handle != nil else { throw session.refusal(session.session.lastNumber) }
    }

    deinit { try? close() }

    /// The file's facts.
    package func facts() throws(SecureShellError) -> SFTPFacts {
        var attributes = LIBSSH2_SFTP_ATTRIBUTES()
        let status = try session.session.repeated { Int(libssh2_sftp_fstat_ex(handle, &attributes, 0)) }
        guard status == 0 else { throw session.refusal(status) }
        return SFTPFacts(attributes)
    }

    /// Moves to a place in the file; nothing is sent.
    package func seek(to position: Int64) {
        libssh2_sftp_seek64(handle, libssh2_uint64_t(position))
    }

    /// Reads up to a buffer's length; 0 means the end.
    ///
    /// The library asks for some of what follows ahead of time.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SecureShellError) -> Int {
        let count = try session.session.repeated {
            libssh2_sftp_read(handle, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        guard count >= 0 else { throw session.refusal(count) }
        return count
    }

    /// Writes all of `bytes`; they are with the server when it returns, if not on its disk.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(SecureShellError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress?.assumingMemoryBound(to: CChar.self)
            let count = try session.session.repeated { libssh2_sftp_write(handle, start, rest.count) }
            guard count >= 0 else { throw session.refusal(count) }
            // Nothing is acknowledged yet, as where a server's window is small: the same bytes are asked for again.
            if count == 0 { try session.session.waitForPeer() }
            rest = rest.dropFirst(count)
        }
    }

    /// Puts the file, or a folder's names, on stable storage; false where the server cannot do that.
    package func sync() throws(SecureShellError) -> Bool {
        let status = try session.session.repeated { Int(libssh2_sftp_fsync(handle)) }
        if status == 0 { return true }
        let error = session.refusal(status)
        switch error {
        case .status(.unsupported), .status(.permissionDenied): return false
        default: throw error
        }
    }

    /// Closes the file; a second call does nothing.
    package func close() throws(SecureShellError) {
        guard let open = handle else { return }
        handle = nil
        let status = try session.session.repeated { Int(libssh2_sftp_close_handle(open)) }
        guard status == 0 else { throw session.refusal(status) }
    }
}
