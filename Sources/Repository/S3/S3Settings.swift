/// A part of a bucket, and how to reach it.
package struct S3Settings: Sendable {
    /// Where credentials may come from besides the environment and the shared files.
    package enum CredentialChoice: Sendable {
        /// The environment first, then the profile: never the network.
        case conventional
        case environment
        case profile
        /// The endpoint that ECS and EKS give their containers.
        case container
        /// The metadata service of a virtual machine.
        case instance
    }

    package var bucket: String
    /// Without slashes around it; empty for the whole bucket.
    package var prefix = ""
    /// `https://host[:port]`; nil for AWS itself, or what the environment or the profile say.
    package var endpoint: String?
    package var region: String?
    package var profile: String?
    /// Whether the bucket stands in the path; nil: with an endpoint of one's own it does, at AWS in the host's name.
    package var pathStyle: Bool?
    /// A file of certificate authorities to trust instead of the system's.
    package var certificateFile: String?
    package var storageClass: String?
    /// How long Object Lock keeps every new object; nil for no lock.
    package var lock: Duration?
    package var credentials = CredentialChoice.conventional
    /// Parts that may be on their way at once.
    package var partsInFlight = 4
    /// What uploads may hold; the buckets of one run share it.
    package var memory = UploadMemory()
    package var retry = RetrySchedule()

    /// Names a bucket; everything else is as the environment says.
    package init(bucket: String, prefix: String = "") {
        self.bucket = bucket
        self.prefix = prefix
    }
}
