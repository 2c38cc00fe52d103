import CPQ

/// Collects what the server says on the side, so that nothing is printed behind our back.
///
/// libpq calls it on the connection's thread, inside the call that received the notice. Keeps the last hundred.
final class Notices {
    private static let limit = 100
    private(set) var texts: [String] = []

    /// Installs itself; the caller keeps it alive as long as `connection`.
    func listen(to connection: OpaquePointer) {
        PQsetNoticeProcessor(connection, receiveNotice, Unmanaged.passUnretained(self).toOpaque())
    }

    fileprivate func add(_ text: String) {
        if texts.count == Self.limit { texts.removeFirst() }
        texts.append(text)
    }

    func removeAll() { texts = [] }
}

@c private func receiveNotice(_ context: UnsafeMutableRawPointer?, _ message: UnsafePointer<CChar>?) {
    guard let context, let message else { return }
    Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue().add(tidied(String(cString: message)))
}
