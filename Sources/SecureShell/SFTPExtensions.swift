import CSSH2

/// What OpenSSH's protocol extensions add and libssh2 does not know: hard links, and renaming over a file.
///
/// A second SFTP channel of the same connection, spoken by hand: one request, one answer. Belongs to the thread that its
/// session belongs to at the moment; memory is bounded by the largest answer taken, 256 KiB.
package final class SFTPExtensions {
    private let session: SSHSession
    private let channel: OpaquePointer
    private var names: Set<String> = []
    private var requestNumber: UInt32 = 0

    private static let answerLimit = 256 << 10

    init(_ session: SSHSession) throws(SecureShellError) {
        self.session = session
        let handle = session.handle
        let opened = try session.repeatedHandle {
            libssh2_channel_open_ex(
                handle,
                "session",
                7,
                1 << 20,
                1 << 15,
                nil,
                0
            )
        }
        guard let opened else { throw .noSFTP(session.lastMessage) }
        channel = opened
        let status = try session.repeated {
            Int(libssh2_channel_process_startup(opened, "subsystem", 9, "sftp", 4))
        }
        guard status == 0 else { throw .noSFTP(session.lastMessage) }
        try greet()
    }

    // The session frees the channel.

    /// Whether a second name can be made for a file, which fails where the name exists.
    package var canLink: Bool { names.contains("hardlink@openssh.com") }

    /// Whether a file can take another's name, replacing it in one step.
    package var canReplace: Bool { names.contains("posix-rename@openssh.com") }

    /// Gives the file at `old` the second name `new`.
    package func link(_ old: String, as new: String) throws(SecureShellError) {
        try request("hardlink@openssh.com", old, new)
    }

    /// Gives the file at `old` the name `new` and drops what had it.
    package func rename(_ old: String, over new: String) throws(SecureShellError) {
        try request("posix-rename@openssh.com", old, new)
    }

    private func greet() throws(SecureShellError) {
        var hello = Packet(type: 1)
        hello.append(UInt32(3))
        try send(hello)
        var answer = try receive()
        guard answer.type == 2, answer.number() != nil else {
            throw .noSFTP("it answers a greeting with something else")
        }
        while let name = answer.text(), answer.text() != nil { names.insert(name) }
    }

    private func request(_ name: String, _ old: String, _ new: String) throws(SecureShellError) {
        requestNumber &+= 1
        var packet = Packet(type: 200)
        packet.append(requestNumber)
        for text in [name, old, new] { packet.append(text) }
        try send(packet)
        var answer = try receive()
        guard answer.type == 101, answer.number() == requestNumber, let code = answer.number() else {
            throw session.loss("the server answers out of turn")
        }
        guard code == 0 else { throw .status(SFTPStatus(UInt(code))) }
    }

    private func send(_ packet: Packet) throws(SecureShellError) {
        let bytes = packet.framed
        var sent = 0
        while sent < bytes.count {
            let start = sent
            let count = try session.repeated {
                bytes.withUnsafeBytes {
                    let rest = UnsafeRawBufferPointer(rebasing: $0[start...])
                    return libssh2_channel_write_ex(
                        channel,
                        0,
                        rest.baseAddress?.assumingMemoryBound(to: CChar.self),
                        rest.count
                    )
                }
            }
            guard count > 0 else { throw session.loss(session.lastMessage) }
            sent += count
        }
    }

    private func receive() throws(SecureShellError) -> Packet {
        let length = try receive(4).reduce(0) { $0 << 8 | Int($1) }
        guard (1...Self.answerLimit).contains(length) else {
            throw session.loss("the server's answer has no valid length")
        }
        return Packet(try receive(length))
    }

    private func receive(_ count: Int) throws(SecureShellError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let start = filled
            let received = try session.repeated {
                bytes.withUnsafeMutableBytes {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: $0[start...])
                    return libssh2_channel_read_ex(
                        channel,
                        0,
                        rest.baseAddress?.assumingMemoryBound(to: CChar.self),
                        rest.count
                    )
                }
            }
            guard received > 0 else { throw session.loss("the server closed the channel") }
            filled += received
        }
        return bytes
    }
}

/// A message of the protocol: a type, then numbers and texts.
private struct Packet {
    private var bytes: [UInt8]
    private var position = 1

    init(type: UInt8) { bytes = [type] }
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var type: UInt8 { bytes[0] }

    /// With its length in front, as it travels.
    var framed: [UInt8] { Self.bytes(UInt32(bytes.count)) + bytes }

    mutating func append(_ number: UInt32) { bytes += Self.bytes(number) }

    mutating func append(_ text: String) {
        append(UInt32(text.utf8.count))
        bytes += text.utf8
    }

    /// The next number; nil at the end.
    mutating func number() -> UInt32? {
        guard bytes.count - position >= 4 else { return nil }
        defer { position += 4 }
        return bytes[position..<position + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The next text; nil at the end, or where it is longer than what is left.
    mutating func text() -> String? {
        guard let count = number(), Int(count) <= bytes.count - position else { return nil }
        defer { position += Int(count) }
        return String(decoding: bytes[position..<position + Int(count)], as: UTF8.self)
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) }
    }
}
