import Diagnostics
import Model
import Repository
import Settings

/// Where a repository is: the one way from settings or a typed text to an open store.
struct RepositoryPlace: Sendable, Equatable {
    /// What people call it: its name in the settings, or what they typed.
    let name: String
    let location: RepositoryLocation
    private(set) var limits: TransferLimits

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

    /// A path or a URL, without credentials.
    var text: String { location.text }

    /// The folder on this machine; nil for a place elsewhere.
    var folder: String? { if case .folder(let path) = location { path } else { nil } }

    /// The store; nothing is touched before its first call.
    ///
    /// A server is tried again when the way to it is disturbed, until the run is to end; S3 repeats its requests itself.
    func store(in context: CommandContext, for use: StoreUse = .working) throws -> any ObjectStore {
        use.decorate(try bareStore(in: context), rate: limits.rate, triesAgain: isServer, context.stop)
    }

    private var isServer: Bool { if case .sftp = location { true } else { false } }

    private func bareStore(in context: CommandContext) throws -> any ObjectStore {
        switch location {
        case .folder(let path): FolderStore(path: path)
        case .sftp(let location):
            SFTPStore(
                try SFTPAccess(location: location, limits: limits, environment: context.environment).place(),
                url: location.text
            )
        case .s3(let bucket):
            try S3Store(S3Settings(bucket, limits), environment: context.environment, stop: context.stop)
        }
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
