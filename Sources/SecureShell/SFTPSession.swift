import CSSH2
import Glibc

/// What a server says of a file or a folder.
package struct SFTPFacts: Sendable, Equatable {
    package enum Kind: Sendable {
        case file
        case folder
        case other
    }

    package var kind: Kind
    package var bytes: Int64
    /// Seconds since 1970 by the server's clock; the protocol knows no smaller part.
    package var modified: Int64

    init(_ attributes: LIBSSH2_SFTP_ATTRIBUTES) {
        let mode = Int(attributes.permissions) & Int(LIBSSH2_SFTP_S_IFMT)
        kind = mode == Int(LIBSSH2_SFTP_S_IFREG) ? .file : mode == Int(LIBSSH2_SFTP_S_IFDIR) ? .folder : .other
        bytes = Int64(clamping: attributes.filesize)
        modified = Int64(clamping: attributes.mtime)
    }
}

/// A connection that speaks SFTP.
///
/// Belongs to one thread at a time, with every file that it opened. All calls block and throw `SecureShellError`; after
/// `connectionLost` only dropping it is of use.
package final class SFTPSession {
    let session: SSHSession
    let handle: OpaquePointer

    /// Connects and logs in.
    package init(_ endpoint: SSHEndpoint, pin: HostKeyPin, login: SSHLogin) throws(SecureShellError) {
        session = try SSHSession.open(endpoint, pin: pin, login: login)
        let opened = session
        guard let handle = try session.repeatedHandle({ libssh2_sftp_init(opened.handle) }) else {
            throw .noSFTP(opened.lastMessage)
        }
        self.handle = handle
    }

    // The session frees the channel; saying goodbye to a server that is gone would only wait for it.

    private var openedExtensions: SFTPExtensions?

    /// What the server can do beyond the protocol; asked for at the first use.
    package func extensions() throws(SecureShellError) -> SFTPExtensions {
        if let openedExtensions { return openedExtensions }
        let opened = try SFTPExtensions(session)
        openedExtensions = opened
        return opened
    }

    /// Opens a file for reading.
    package func open(_ path: String) throws(SecureShellError) -> SFTPFile {
        try SFTPFile(self, path, flags: LIBSSH2_FXF_READ)
    }

    /// Makes a file that must not exist and opens it for writing; nobody but its owner can read it.
    package func create(_ path: String) throws(SecureShellError) -> SFTPFile {
        try SFTPFile(self, path, flags: LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_EXCL)
    }

    /// The facts of what lies at `path`, a link itself and not its target; nil when there is nothing.
    package func facts(_ path: String) throws(SecureShellError) -> SFTPFacts? {
        var attributes = LIBSSH2_SFTP_ATTRIBUTES()
        let count = UInt32(path.utf8.count)
        let status = try session.repeated {
            Int(libssh2_sftp_stat_ex(handle, path, count, LIBSSH2_SFTP_LSTAT, &attributes))
        }
        if status == 0 { return SFTPFacts(attributes) }
        let error = refusal(status)
        if error == .status(.noSuchFile) { return nil }
        throw error
    }

    /// Everything in a folder but `.` and `..`; nil when there is no such folder.
    package func entries(_ path: String) throws(SecureShellError) -> [(name: String, facts: SFTPFacts)]? {
        let folder: SFTPFile
        do throws(SecureShellError) { folder = try SFTPFile(self, folder: path) } catch .status(.noSuchFile) {
            return nil
        }
        var entries: [(name: String, facts: SFTPFacts)] = []
        var name = [CChar](repeating: 0, count: 4096)
        while true {
            var attributes = LIBSSH2_SFTP_ATTRIBUTES()
            let status = try session.repeated {
                Int(libssh2_sftp_readdir_ex(folder.handle, &name, name.count, nil, 0, &attributes))
            }
            if status == 0 { break }
            guard status > 0 else {
                let error = refusal(status)
                // Some servers look for the folder only when it is read.
                if error == .status(.noSuchFile), entries.isEmpty { return nil }
                throw error
            }
            let text = String(decoding: name[..<status].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text != ".", text != ".." { entries.append((text, SFTPFacts(attributes))) }
        }
        try folder.close()
        return entries
    }

    /// Makes a folder, 0700.
    package func makeFolder(_ path: String) throws(SecureShellError) {
        try require { Int(libssh2_sftp_mkdir_ex(handle, path, UInt32(path.utf8.count), 0o700)) }
    }

    package func remove(_ path: String) throws(SecureShellError) {
        try require { Int(libssh2_sftp_unlink_ex(handle, path, UInt32(path.utf8.count))) }
    }

    package func removeFolder(_ path: String) throws(SecureShellError) {
        try require { Int(libssh2_sftp_rmdir_ex(handle, path, UInt32(path.utf8.count))) }
    }

    /// What is free for this user at `path`; nil where the server cannot tell.
    package func freeBytes(_ path: String) throws(SecureShellError) -> Int64? {
        var facts = LIBSSH2_SFTP_STATVFS()
        let status = try session.repeated { Int(libssh2_sftp_statvfs(handle, path, path.utf8.count, &facts)) }
        guard status == 0 else { return nil }
        let (bytes, overflow) = Int64(clamping: facts.f_bavail).multipliedReportingOverflow(
            by: Int64(clamping: facts.f_frsize)
        )
        return overflow ? .max : bytes
    }

    private func require(_ body: () -> Int) throws(SecureShellError) {
        let status = try session.repeated(body)
        guard status == 0 else { throw refusal(status) }
    }

    /// The server's own answer where it gave one; anything else means that nothing more can be said to it.
    func refusal(_ status: Int) -> SecureShellError {
        guard status == Int(LIBSSH2_ERROR_SFTP_PROTOCOL) || session.lastNumber == Int(LIBSSH2_ERROR_SFTP_PROTOCOL)
        else {
            return session.loss(session.lastMessage)
        }
        return .status(SFTPStatus(UInt(libssh2_sftp_last_error(handle))))
    }
}
