import CPQ

/// The libpq that this program runs with, which may be another than the one it was built with.
package enum ClientLibrary {
    /// Its version.
    package static var version: ServerVersion { ServerVersion(number: Int(PQlibVersion())) }
}
