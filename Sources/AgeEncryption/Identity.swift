/// A secret that can open files encrypted to its recipient.
package protocol Identity: Sendable {
    /// The file key from the stanza addressed to this identity; nil when there is none.
    ///
    /// Gets every stanza of the header, ignores kinds it does not know, and throws when one of its own kind is malformed.
    func unwrap(_ stanzas: [Stanza]) throws -> FileKey?
}
