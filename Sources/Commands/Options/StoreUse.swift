import Model
import Repository
import Streams

/// What a command may do with a store.
enum StoreUse: Sendable {
    /// Only look: nothing can be changed, whatever the command tries.
    case reading
    case working
    /// Work, and delete: with the credentials that the settings name for it.
    case deleting
}

extension StoreUse {
    /// `store`, no faster than `rate` each way, tried again where that makes sense, and locked where only looking is
    /// allowed.
    func decorate(
        _ store: any ObjectStore,
        rate: ByteRate?,
        triesAgain: Bool,
        _ stop: Stop
    ) -> any ObjectStore {
        var store = store
        if let rate { store = ThrottledStore(store, reads: pacer(rate, stop), writes: pacer(rate, stop)) }
        if triesAgain { store = RetryingStore(store, RetryPolicy(pause: { stop.sleep(atMost: $0) })) }
        return self == .reading ? ReadOnlyStore(store) : store
    }

    private func pacer(_ rate: ByteRate, _ stop: Stop) -> Pacer {
        let start = ContinuousClock.now
        return Pacer(rate, now: { ContinuousClock.now - start }, pause: { _ = stop.sleep(atMost: $0) })
    }
}
