import Diagnostics
package import Model
import Streams

/// Phase one of a collection: archives that nothing referred to, written down a day before they may be deleted.
package struct CondemnedList: Sendable, Hashable, Codable {
    package static let currentFormat = 1
    /// How long an archive stays condemned before it is deleted.
    package static let wait = Duration.seconds(24 * 3600)

    package var format = CondemnedList.currentFormat
    package var archives: [ArchiveID]

    /// Creates a list.
    package init(archives: [ArchiveID]) { self.archives = archives }
}

/// A condemned list as it lies in the repository.
package struct StoredCondemnedList: Sendable, Hashable {
    package var epoch: Int
    /// When it was written, by the store's clock.
    package var written: Instant
    package var archives: [ArchiveID]

    /// Creates an entry.
    package init(epoch: Int, written: Instant, archives: [ArchiveID]) {
        self.epoch = epoch
        self.written = written
        self.archives = archives
    }
}

extension Repository {
    /// Every condemned list, oldest first.
    ///
    /// The newest is never removed, so that no number is ever used twice: a prune that stood still and then removes a list
    /// whose archives are gone can only meet that list.
    package func condemnedLists() throws -> [StoredCondemnedList] {
        try store.list(Layout.condemned).compactMap { info in
            guard let epoch = Layout.condemnedEpoch(info.key) else { return nil }
            let text = "'\(info.key)'"
            guard let bytes = try present(info.key) else { return nil }
            try FormatProbe.check(bytes, supported: CondemnedList.currentFormat, object: text)
            let list = try CanonicalJSON.decode(CondemnedList.self, from: bytes, object: text)
            return StoredCondemnedList(epoch: epoch, written: info.modified, archives: list.archives)
        }
    }

    /// The bytes of an object that may vanish between listing and reading.
    private func present(_ key: ObjectKey) throws -> [UInt8]? {
        do {
            return try object(at: key)
        } catch let error as Diagnostic where error.code == .objectMissing {
            return nil
        }
    }
}
