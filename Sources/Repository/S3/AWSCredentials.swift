import Diagnostics
import Model

/// What signs requests.
struct AWSCredentials: Sendable, Hashable {
    var accessKey: String
    var secretKey: String
    var sessionToken: String?
    /// When they stop being good; nil for never, or unknown.
    var expires: Instant?
    /// Where they were found, for messages.
    var origin: String
}
