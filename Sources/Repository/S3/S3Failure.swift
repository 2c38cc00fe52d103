import Diagnostics
import HTTPClient
import Model

/// Turns what a store or the network refused into what a person reads.
struct S3Failure: Sendable {
    var displayName: String
    var address: S3Address

    /// A refusal of the store; `purpose` completes "cannot …".
    func diagnostic(_ error: S3Error, to purpose: String, now: Instant) -> Diagnostic {
        let cannot = "cannot \(purpose)"
        switch error.code {
        case "NoSuchBucket":
            return missingBucket(error)
        case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
            "TemporaryRedirect", "InvalidRegionName", "InvalidLocationConstraint":
            return wrongPlace(error, cannot)
        case "RequestTimeTooSkewed":
            return skewed(error, cannot, now)
        case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurity":
            return Diagnostic(
                .repositoryAccess,
                "\(cannot): \(address.requestHost) does not accept the credentials",
                cause: error.cause,
                hint: "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile, and the endpoint."
            )
        case _ where error.isAboutExpiry:
            return Diagnostic(
                .repositoryAccess,
                "\(cannot): the credentials have expired",
                cause: error.cause,
                hint: "Get new ones and run it again; what is already stored stays."
            )
        case "AccessDenied", "AllAccessDisabled", "AccountProblem", "InvalidObjectState":
            return denied(error, purpose)
        case "InvalidRequest" where error.message.lowercased().contains("lock"),
            "ObjectLockConfigurationNotFoundError", "InvalidBucketState":
            return lockless(cannot, error.cause)
        case "NotImplemented" where error.message.lowercased().contains("lock") || purpose.contains("the lock of"):
            return lockless(cannot, error.cause)
        case "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "TotalObjectSizeExceeded":
            return full(error, cannot)
        case "NotImplemented":
            return Diagnostic(
                .repositoryStorage,
                "\(cannot): the store cannot do that",
                cause: error.cause,
                hint: "Look up in docs/stores.md what a store must be able to do."
            )
        default:
            return error.status == 507 ? full(error, cannot) : other(error, cannot)
        }
    }

    /// No answer at all.
    func diagnostic(_ failure: HTTPFailure, to purpose: String) -> Diagnostic {
        let hint =
            switch failure.kind {
            case .name: "Check the endpoint, the region and the name server."
            case .connection: "Check the endpoint and the network."
            case .certificate: "Name the certificate authority with 'ca' or AWS_CA_BUNDLE; it is always verified."
            case .address: "Use https; http is spoken with this machine only, or where 'endpoint' says so."
            case .stalled, .cut, .tooLarge, .other: "Run it again when the network is well."
            }
        return Diagnostic(
            failure.kind == .address || failure.kind == .tooLarge ? .repositoryStorage : .repositoryUnreachable,
            "cannot \(purpose) in \(displayName)",
            cause: redacted(failure.message),
            hint: hint,
            retry: failure.isTransient ? .later : .never
        )
    }

    /// A bucket, or a store, that keeps no locks.
    func lockless(_ cannot: String, _ cause: String) -> Diagnostic {
        Diagnostic(
            .repositoryStorage,
            "\(cannot): the bucket does not take a lock",
            cause: cause,
            hint: "Enable Object Lock on the bucket, or take 'lock' out of the repository's settings."
        )
    }

    /// A store that was found to create exclusively and does so no more: writing on could overwrite what others wrote.
    func lostConditions(_ purpose: String, _ error: S3Error) -> Diagnostic {
        Diagnostic(
            .repositoryStorage,
            "refusing to \(purpose): \(displayName) no longer creates an object only where there is none",
            cause: error.cause,
            hint: "Run 'lifeboat repo check'; another server may answer at the endpoint than when it was made."
        )
    }

    /// An answer that is no S3.
    func unreadable(_ purpose: String, _ cause: String) -> Diagnostic {
        Diagnostic(
            .repositoryStorage,
            "cannot \(purpose) in \(displayName)",
            cause: cause,
            hint: "Check that the endpoint speaks S3.",
            retry: .later
        )
    }

    func exists(_ key: ObjectKey) -> Diagnostic {
        Diagnostic(.objectExists, "'\(key)' already exists in \(displayName)")
    }

    func missing(_ key: ObjectKey, isMarked: Bool) -> Diagnostic {
        Diagnostic(
            .objectMissing,
            "'\(key)' is missing from \(displayName)",
            cause: isMarked ? "it was deleted, and the bucket still keeps its versions behind a delete marker" : nil,
            hint: isMarked
                ? "Remove the delete marker with a tool for S3, or use another copy of the repository."
                : "Use another point or another copy of the repository."
        )
    }

    func tooShort(_ key: ObjectKey, _ size: Int64?) -> Diagnostic {
        Diagnostic(
            .objectCorrupt,
            "'\(key)' in \(displayName) "
                + (size.map { "has \($0) bytes, and more are expected" } ?? "is shorter than expected"),
            hint: "Use another point or another copy of the repository."
        )
    }

    private func missingBucket(_ error: S3Error) -> Diagnostic {
        Diagnostic(
            .repositoryMissing,
            "there is no bucket '\(address.bucket)' at \(address.host)",
            cause: error.cause,
            hint: "Create the bucket, or correct its name or the endpoint."
        )
    }

    private func wrongPlace(_ error: S3Error, _ cannot: String) -> Diagnostic {
        let region = error.region.flatMap { $0.isEmpty ? nil : $0 }
        return Diagnostic(
            .repositoryStorage,
            "\(cannot): bucket '\(address.bucket)' is not in region '\(address.region)'",
            cause: error.cause,
            hint: region.map { "Set the region to '\($0)', with 'region' in the settings or AWS_REGION." }
                ?? error.details["Endpoint"].map { "Correct the endpoint: it names \($0)." }
                ?? "Set the region that the store was configured with, with 'region' in the settings or AWS_REGION."
        )
    }

    private func skewed(_ error: S3Error, _ cannot: String, _ now: Instant) -> Diagnostic {
        let theirs = error.details["ServerTime"] ?? error.details["Date"] ?? "unknown"
        return Diagnostic(
            .repositoryStorage,
            "\(cannot): this machine's clock and that of \(address.requestHost) are too far apart",
            cause: redacted("it is \(Instant(secondsSinceEpoch: now.secondsSinceEpoch)) here and \(theirs) there"),
            hint: "Set the clock of this machine; 'timedatectl' shows whether it is synchronized."
        )
    }

    private func denied(_ error: S3Error, _ purpose: String) -> Diagnostic {
        let hint =
            if error.code == "InvalidObjectState" {
                "Bring the object back from the archive class first."
            } else if purpose.hasPrefix("remove") {
                "Prune with credentials that may (s3:DeleteObject), named by 'deleteWith'; a backup host needs none."
            } else {
                "Give these credentials the rights of docs/stores.md on the bucket and the prefix."
            }
        return Diagnostic(
            purpose.hasPrefix("remove") ? .deleteDenied : .repositoryStorage,
            "cannot \(purpose): \(displayName) denies it",
            cause: error.cause,
            hint: hint
        )
    }

    private func full(_ error: S3Error, _ cannot: String) -> Diagnostic {
        Diagnostic(
            .repositoryFull,
            "\(cannot): \(displayName) is full",
            cause: error.cause,
            hint: "Free space there: 'lifeboat prune' shows which points retention no longer needs.",
            retry: .later
        )
    }

    private func other(_ error: S3Error, _ cannot: String) -> Diagnostic {
        Diagnostic(
            .repositoryStorage,
            "\(cannot) in \(displayName)",
            cause: error.cause,
            hint: error.isTransient ? "Try again later: the store was asked several times." : Self.hint(error),
            retry: error.isTransient ? .later : .never
        )
    }

    private static func hint(_ error: S3Error) -> String {
        switch error.code {
        case "InvalidStorageClass": "Correct 'storageClass': this store has no such class."
        case "InvalidRetentionPeriod": "Correct 'lock': the store limits how long one may be."
        case "InvalidBucketName": "Correct the name of the bucket."
        case "EntityTooLarge", "KeyTooLongError":
            "Look up the limits of the store; docs/stores.md has what is asked of it."
        case _ where error.code.hasPrefix("KMS"): "Let these credentials use the key that the bucket encrypts with."
        default: "Look up what the store means by '\(redacted(error.code))'; docs/stores.md has what is asked of it."
        }
    }
}
