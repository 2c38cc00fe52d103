/// Somebody a file can be encrypted to.
package protocol Recipient: Sendable {
    /// Wraps the file key so that only this recipient's identity can unwrap it.
    func wrap(_ fileKey: FileKey) throws -> [Stanza]
}
