import AgeEncryption
import Diagnostics
import SecureShell
import Streams

/// One object on its way to a server.
///
/// It has a hidden name until it is whole and synced; then it gets its own, in a step that fails where the name exists (a
/// hard link) or that replaces what has it. Holds 256 KiB.
final class SFTPWriter: ObjectWriter {
    private let key: ObjectKey
    private let store: SFTPStore
    private let lane: SFTPLane
    private let replaces: Bool
    private let temporaryPath: String
    private var file: SFTPFile?
    private var pending: [UInt8] = []
    private var written: Int64 = 0

    private static let pieceBytes = 256 << 10

    init(_ key: ObjectKey, in store: SFTPStore, replaces: Bool = false) throws {
        self.key = key
        self.store = store
        self.replaces = replaces
        let hidden = FolderWriter.temporaryPrefix + Hex.encode(try randomBytes(8))
        let lane = store.connections.leastUsed()
        self.lane = lane
        var path = ""
        do {
            file = try store.failure.naming("create '\(key)'") {
                try lane.use { session in
                    let tree = store.tree(session)
                    path = "\(tree.folder(of: key))/\(hidden)"
                    return try Self.open(path, key, tree, store)
                }
            }
        } catch {
            lane.leave()
            throw error
        }
        temporaryPath = path
        pending.reserveCapacity(Self.pieceBytes)
    }

    deinit {
        lane.locked {
            if let file {
                try? file.close()
                try? file.session.remove(temporaryPath)
            }
            file = nil
        }
        lane.leave()
    }

    /// Makes the file, with the folders above it where they are missing.
    private static func open(
        _ path: String,
        _ key: ObjectKey,
        _ tree: SFTPTree,
        _ store: SFTPStore
    ) throws -> SFTPFile {
        do { return try tree.session.create(path) } catch SecureShellError.status(.noSuchFile) {}
        for parent in try tree.makeFolder(of: key) { store.note(isDurable: try tree.syncNames(in: parent)) }
        return try tree.session.create(path)
    }

    func write(_ bytes: RawSpan) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = min(rest.count, Self.pieceBytes - pending.count)
                pending.append(contentsOf: rest.prefix(count))
                rest = rest.dropFirst(count)
                if pending.count == Self.pieceBytes { try send() }
            }
        }
    }

    func finish() throws {
        if !pending.isEmpty { try send() }
        try store.failure.naming("write '\(key)'") {
            try lane.work {
                guard let file else {
                    throw store.failure.diagnostic("write '\(key)'", .connectionLost("it was closed"))
                }
                store.note(isDurable: try file.sync())
                guard try file.facts().bytes == written else {
                    throw Diagnostic(
                        .repositoryStorage,
                        "cannot write '\(key)' in \(store.displayName)",
                        cause: "the file has another length than was written"
                    )
                }
                try file.close()
                try publish(file.session)
                self.file = nil
            }
        }
    }

    private func send() throws {
        try store.failure.naming("write '\(key)'") {
            try lane.work {
                guard let file else { throw SecureShellError.connectionLost("it was closed") }
                do { try pending.withUnsafeBytes { try file.write($0) } } catch let error as SecureShellError {
                    throw reasonOfRefusal(error, file.session)
                }
            }
        }
        written += Int64(pending.count)
        pending.removeAll(keepingCapacity: true)
    }

    /// A server of version 3 does not say that its disk is full: it is asked how much is left.
    private func reasonOfRefusal(_ error: SecureShellError, _ session: SFTPSession) -> any Error {
        guard case .status(.failure) = error, let free = try? session.freeBytes(store.place.path), free < 1 << 20 else {
            return error
        }
        return store.failure.full("write '\(key)'", cause: "\(free) bytes are left there")
    }

    private func publish(_ session: SFTPSession) throws {
        let tree = store.tree(session)
        let path = tree.path(key)
        let extensions = try session.extensions()
        if replaces {
            guard extensions.canReplace else { throw store.cannotReplace() }
            try extensions.rename(temporaryPath, over: path)
        } else {
            do {
                guard extensions.canLink else { throw store.cannotLink() }
                try extensions.link(temporaryPath, as: path)
            } catch SecureShellError.status(.unsupported) {
                throw store.cannotLink()
            } catch SecureShellError.status(let status) {
                guard try session.facts(path) == nil else {
                    try? session.remove(temporaryPath)
                    throw store.failure.exists(key)
                }
                throw SecureShellError.status(status)
            }
        }
        store.note(isDurable: try tree.syncNames(in: tree.folder(of: key)))
        if !replaces {
            // The object is there: a second name that stays behind is cleared away some other day.
            try? session.remove(temporaryPath)
        }
    }
}
