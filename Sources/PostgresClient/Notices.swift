import CPQ

/// What the server said on the side (NOTICE, WARNING).
package struct Notice: Sendable, Equatable {
    /// Says what it is about in every language; nil for libpq's own words.
    package let sqlState: String?
    /// In the language of the server's `lc_messages`.
    package let text: String
}

/// Collects what the server says on the side, so that nothing is printed behind our back.
///
/// libpq calls it on the connection's thread, inside the call that received the notice. Keeps the last hundred.
final class Notices {
    private static let limit = 100
    private(set) var all: [Notice] = []

    /// Installs itself; the caller keeps it alive as long as `connection`.
    func listen(to connection: OpaquePointer) {
        PQsetNoticeReceiver(connection, receiveNotice, Unmanaged.passUnretained(self).toOpaque())
    }

    fileprivate func add(_ notice: Notice) {
        if all.count == Self.limit { all.removeFirst() }
        all.append(notice)
    }

    func removeAll() { all = [] }
}

/// The result belongs to libpq.
@c private func receiveNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let context, let result, let message = PQresultErrorMessage(result) else { return }
    let state = PQresultErrorField(result, cpq_field_sqlstate.rawValue).map { String(cString: $0) }
    Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue()
        .add(Notice(sqlState: state, text: tidied(String(cString: message))))
}
