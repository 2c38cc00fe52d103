import PostgresClient

/// Whether the libraries that this program runs with are ones to run with.
struct LibraryCheck {
    /// The first fixed releases of libpq's large-object functions (CVE-2026-6477), by major version.
    private static let fixed = [14: 140_023, 15: 150_018, 16: 160_014, 17: 170_010, 18: 180_004]

    let libpq: ServerVersion

    func run(_ list: inout CheckList) {
        guard let fixed = Self.fixed[libpq.major], libpq.number < fixed else {
            return list.ok("libpq", "\(libpq)")
        }
        list.warn(
            "libpq",
            "libpq \(libpq) has CVE-2026-6477, fixed in \(ServerVersion(number: fixed))",
            cause: "a malicious server can overwrite a client's memory through its large-object functions",
            hint: "Update the package 'libpq5'. Lifeboat does not call these functions; other programs here may."
        )
    }
}
