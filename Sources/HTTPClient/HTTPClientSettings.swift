/// How requests are made.
package struct HTTPClientSettings: Sendable {
    /// A file of certificates to trust instead of the system's.
    package var certificateFile: String?
    /// Whether `http://` is spoken at all; requests to it are in clear.
    package var allowsPlainText = false
    /// For name, connection and TLS together.
    package var connectSeconds = 15
    /// For how long no byte may move in either direction.
    package var stallSeconds = 60
    /// Connections kept open between requests.
    package var idleConnections = 16

    /// Creates the settings.
    package init() {}
}
