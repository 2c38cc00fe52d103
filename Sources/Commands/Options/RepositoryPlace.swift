import Diagnostics
import Model
import Repository
import Settings
import Streams

/// Where a repository is: the one way from settings or a typed text to an open store.
struct RepositoryPlace: Sendable, Equatable {
    /// What people call it: its name in the settings, or what they typed.
    let name: String
    let location: RepositoryLocation
    private(set) var limits: TransferLimits
    /// Whether what was deleted is shown too, where the store keeps it.
    private(set) var showsDeleted = false

    /// A repository of the settings.
    init(_ settings: RepositorySettings, in context: CommandContext) {
        name = settings.name
        limits = settings.limits
        location =
            if case .folder(let path) = settings.location {
                .folder(context.absolute(path).tidyPath)
            } else {
                settings.location
            }
    }

    /// What was typed: a folder, `file://`, `s3://bucket/prefix` or `sftp://[user@]host[:port]/path`.
    ///
    /// A password in it is refused, because everybody can read the process list.
    init(typed text: String, in context: CommandContext) throws {
        name = redacted(text)
        limits = TransferLimits()
        do {
            switch text.firstMatch(of: /^([A-Za-z][A-Za-z0-9+.-]*):\/\//)?.1.lowercased() {
            case nil: location = .folder(context.absolute(text).tidyPath)
            case "file": location = .folder(context.absolute(String(text.dropFirst("file://".count))).tidyPath)
            case "s3": location = .s3(try S3Location(url: text))
            case "sftp": location = .sftp(try SFTPLocation(url: text))
            default:
                throw Diagnostic(
                    .usage,
                    "cannot use '\(redacted(text))' as a repository",
                    cause: "it is a URL of an unknown kind",
                    hint: "Name a folder, \(S3Location.form) or \(SFTPLocation.form)."
                )
            }
        } catch let error as RepositoryURLError {
            throw Diagnostic(
                error.reason == .secret ? .secretOnCommandLine : .usage,
                "cannot use '\(redacted(text))' as a repository",
                cause: error.message,
                hint: error.hint.prefix(1).uppercased() + error.hint.dropFirst()
            )
        }
    }

    /// The same place with another rate than its own, where one is given.
    func limited(to rate: ByteRate?) -> RepositoryPlace {
        var limited = self
        limited.limits.rate = rate ?? limits.rate
        return limited
    }

    /// The same place with what was deleted and is still kept as a version; throws where nothing keeps versions.
    func showingDeleted() throws -> RepositoryPlace {
        guard case .s3 = location else {
            throw Diagnostic(
                .usage,
                "'\(name)' keeps nothing that was deleted",
                hint: "--deleted is for buckets that keep versions."
            )
        }
        var place = self
        place.showsDeleted = true
        return place
    }

    /// A path or a URL, without credentials.
    var text: String { location.text }

    /// The folder on this machine; nil for a place elsewhere.
    var folder: String? { if case .folder(let path) = location { path } else { nil } }

    /// What is free there for this user; nil where that cannot be asked.
    func freeBytes(in context: CommandContext) throws -> Int64? {
        switch location {
        case .folder(let path): try Directory(path).freeBytes()
        case .sftp(let location): try sftpStore(location, in: context).freeBytes()
        case .s3: nil
        }
    }

    /// The store; nothing is touched before its first call.
    ///
    /// A server is tried again when the way to it is disturbed, until the run is to end; S3 repeats its requests itself.
    func store(in context: CommandContext, for use: StoreUse = .working) throws -> any ObjectStore {
        let store = use == .deleting ? try deletingStore(in: context) : try bareStore(in: context)
        return use.decorate(store, rate: limits.rate, triesAgain: isServer, context.stop)
    }

    private var isServer: Bool { if case .sftp = location { true } else { false } }

    private func bareStore(in context: CommandContext) throws -> any ObjectStore {
        switch location {
        case .folder(let path): FolderStore(path: path)
        case .sftp(let location): try sftpStore(location, in: context)
        case .s3(let bucket):
            if showsDeleted {
                UndeletedStore(try s3Store(bucket, in: context))
            } else {
                try s3Store(bucket, in: context)
            }
        }
    }

    /// The store with its own credentials for deleting, where the settings name any.
    private func deletingStore(in context: CommandContext) throws -> any ObjectStore {
        switch location {
        case .sftp(let location):
            guard let deletion = location.deletion else { return try sftpStore(location, in: context) }
            let deleting = try sftpStore(location.reached(by: deletion), in: context)
            return DeletionStore(try sftpStore(location, in: context), deleting: deleting)
        case .s3(let bucket):
            let store = try s3Store(bucket, in: context)
            guard let deletion = bucket.deletion else { return store }
            let access = S3DeletionAccess(deletion: deletion, place: text, environment: context.environment)
            let deleting = try store.reached(withProfile: access.profile, environment: access.variables())
            return DeletionStore(store, deleting: deleting)
        case .folder: return try bareStore(in: context)
        }
    }

    private func sftpStore(_ location: SFTPLocation, in context: CommandContext) throws -> SFTPStore {
        let access = SFTPAccess(location: location, limits: limits, environment: context.environment)
        return SFTPStore(try access.place(), url: location.text)
    }

    private func s3Store(_ location: S3Location, in context: CommandContext) throws -> S3Store {
        var settings = S3Settings(location, limits)
        settings.memory = context.uploadMemory
        return try S3Store(settings, environment: context.environment, stop: context.stop)
    }
}

extension S3Settings {
    /// A bucket as the settings describe it.
    fileprivate init(_ location: S3Location, _ limits: TransferLimits) {
        self.init(bucket: location.bucket, prefix: location.prefix)
        endpoint = location.endpoint
        region = location.region
        profile = location.profile
        pathStyle = location.pathStyle
        certificateFile = location.ca
        storageClass = location.storageClass
        lock = location.lock
        if let connections = limits.connections { partsInFlight = connections }
        credentials =
            switch location.credentials {
            case nil: .conventional
            case .environment: .environment
            case .profile: .profile
            case .container: .container
            case .instance: .instance
            }
    }
}
