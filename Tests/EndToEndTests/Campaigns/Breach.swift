/// The promises of this project; the oracle finds which of them something broke.
enum Promise: String, CaseIterable {
    /// Everything that a point names exists, decrypts and has its hash.
    case complete = "I1"
    /// A restore gives back the database as it was.
    case faithful = "I2"
    /// Nothing removes the newest, a proven or a held point, or what one of them needs, and nothing changes an object.
    case kept = "I3"
    /// The next run succeeds without repair.
    case recovers = "I4"
    /// The exit status says whether the point is committed.
    case honest = "I5"
    /// No plaintext, key or password where it does not belong.
    case secret = "I6"
    /// A drill writes only to what it created.
    case contained = "I7"
    /// Changed bytes are found before rows are called good.
    case noticed = "I8"
    /// One slot is committed once.
    case single = "I9"
}

/// A promise that was broken, and how it shows.
struct Breach: CustomStringConvertible {
    let promise: Promise
    let text: String

    var description: String { "\(promise.rawValue) (\(promise)): \(text)" }
}
