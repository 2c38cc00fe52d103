import AgeEncryption
import Diagnostics
import Synchronization

/// What opens indexes and records.
///
/// Identities that lie open, and those behind a passphrase once it turns out that no
/// other opens what is to be read. Any thread; the passphrase is asked for once at most, while others wait.
final class ReaderKeys: Sendable {
    private struct State {
        var identities: [any Identity]
        var mayUnlock: Bool
        /// Why that did not work: whoever comes next is told so too, and not that no key fits.
        var failure: (any Error)?
    }

    private let state: Mutex<State>
    private let unlock: (@Sendable () throws -> [any Identity])?

    /// `unlock` returns what is behind a passphrase.
    init(_ identities: [any Identity], unlock: (@Sendable () throws -> [any Identity])?) {
        state = Mutex(State(identities: identities, mayUnlock: unlock != nil))
        self.unlock = unlock
    }

    /// The same with more identities that lie open.
    func adding(_ identities: [any Identity]) -> ReaderKeys {
        let known = state.withLock { $0 }
        return ReaderKeys(known.identities + identities, unlock: known.mayUnlock ? unlock : nil)
    }

    /// Decrypts and decompresses a section; `object` names it in errors.
    func open(_ sealed: [UInt8], object: String) throws -> [UInt8] {
        let identities = state.withLock { $0.identities }
        do {
            return try SealedText.open(sealed, with: identities, object: object)
        } catch let error as Diagnostic where error.code == .keyWrong {
            guard let more = try unlocked(beyond: identities.count) else { throw error }
            return try SealedText.open(sealed, with: more, object: object)
        }
    }

    /// All identities, where they are more than `count` now.
    private func unlocked(beyond count: Int) throws -> [any Identity]? {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            if state.mayUnlock, let unlock {
                state.mayUnlock = false
                do { state.identities += try unlock() } catch {
                    state.failure = error
                    throw error
                }
            }
            return state.identities.count > count ? state.identities : nil
        }
    }
}
