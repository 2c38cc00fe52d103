import Model
import Repository
import Synchronization

/// A guard that is taken away, to see that the simulation misses it.
enum Mutant: String, CaseIterable, Sendable {
    /// Prunes see no session but their own: live backups and restores protect nothing, holds are placed meanwhile.
    case sessionsUnseen
    /// Commits do not see what was condemned.
    case condemnedUnseen
    /// The look after the commit sees what was there before it.
    case noSecondLook
    /// A prune looks for points once, when it begins, and not after it condemned.
    case staleLook
    /// The machine's clock stands still while the process does.
    case sleepUnnoticed
    /// Holds are not seen.
    case holdsUnseen
}

/// What an actor sees of the store: everything, or what a mutant leaves of it.
final class Lens: Sendable {
    private let mutant: Mutant?
    private let kind: Actor.Kind
    private let kept = Mutex<(lists: [String: [ObjectInfo]], infos: [ObjectKey: ObjectInfo])>(([:], [:]))

    init(_ mutant: Mutant?, for kind: Actor.Kind) {
        self.mutant = mutant
        self.kind = kind
    }

    func list(_ prefix: String, _ look: () -> [ObjectInfo]) -> [ObjectInfo] {
        switch (mutant, kind) {
        case (.sessionsUnseen, .prune), (.sessionsUnseen, .hold):
            return prefix == Layout.sessions ? [] : look()
        case (.condemnedUnseen, .backup):
            return prefix == Layout.condemned ? [] : look()
        case (.noSecondLook, .backup) where prefix == Layout.condemned:
            return first(prefix, look)
        case (.staleLook, .prune) where prefix == Layout.points:
            return first(prefix, look)
        case (.holdsUnseen, .prune):
            return prefix.hasPrefix(Layout.records) ? [] : look()
        default: return look()
        }
    }

    func info(_ key: ObjectKey, _ look: () -> ObjectInfo?) -> ObjectInfo? {
        guard mutant == .noSecondLook, kind == .backup, key.text.hasPrefix(Layout.archives) else { return look() }
        if let known = kept.withLock({ $0.infos[key] }) { return known }
        let found = look()
        kept.withLock { $0.infos[key] = found }
        return found
    }

    var noticesSleep: Bool { mutant != .sleepUnnoticed }

    private func first(_ prefix: String, _ look: () -> [ObjectInfo]) -> [ObjectInfo] {
        if let known = kept.withLock({ $0.lists[prefix] }) { return known }
        let found = look()
        kept.withLock { $0.lists[prefix] = found }
        return found
    }
}
