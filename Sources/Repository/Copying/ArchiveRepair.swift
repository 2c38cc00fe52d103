import Diagnostics
package import Model
package import Streams

extension Repository {
    /// Puts the recorded bytes of a damaged or missing archive back, from the first of `copies` that holds them; none of
    /// them may be this very place, see `isElsewhere(than:)`.
    ///
    /// Returns the copy that served; nil when none could, or when the archive turns out to be sound. Never removes what
    /// might be good: this archive's bytes are read again and must be proven bad (missing, of another length, or of another
    /// SHA-256 than recorded), and a copy's must have been read in full and found good, before the bad object gives way.
    /// Nothing of worth is lost then, even when the run ends between the two: the archive is missing instead of wrong, and
    /// the next repair finds the same copy. A store that cannot be read proves nothing and is an error.
    package func repair(_ facts: ArchiveFacts, from copies: [Repository], stop: Stop) throws -> Repository? {
        guard try !isSound(facts, stop) else { return nil }
        for copy in copies {
            guard (try? copy.isSound(facts, stop)) == true else { continue }
            if stop.isRequested { throw Stopped() }
            try store.remove(archiveKey(facts.id))
            try ArchiveCopy(facts: facts, source: copy, stop: stop).write(into: self)
            return copy
        }
        return nil
    }

    /// Whether this is another place than the one that `session` was announced in, though perhaps a copy of its files.
    package func isElsewhere(than session: Session) throws -> Bool {
        try store.info(Layout.session(session.id)) == nil
    }

    /// Whether the stored bytes are the recorded ones; throws when they cannot be read.
    private func isSound(_ facts: ArchiveFacts, _ stop: Stop) throws -> Bool {
        do {
            try ArchiveCopy(facts: facts, source: self, stop: stop).requireSound()
            return true
        } catch let error as Diagnostic where error.code == .objectMissing || error.code == .objectCorrupt {
            return false
        }
    }
}
