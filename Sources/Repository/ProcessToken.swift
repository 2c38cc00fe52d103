import Glibc

/// Which process on which machine: enough to know for certain that it is dead, never to guess it.
///
/// A host name is not an identity (containers share and change them), so this is the boot, the process-id namespace, the
/// id, and when the process started. Only a process of the same boot and namespaces can be judged.
package struct ProcessToken: Sendable, Hashable, Codable {
    package var host: String
    package var boot: String
    package var namespace: String
    package var id: Int32
    /// Field 22 of `/proc/<id>/stat`: clock ticks after the boot, so that a reused id is noticed.
    package var startTicks: String
    /// The namespace by whose clock that was counted; nil where the kernel has none.
    package var timeNamespace: String?

    /// The calling process.
    package static var current: ProcessToken {
        let id = getpid()
        return ProcessToken(
            host: hostName,
            boot: currentBoot,
            namespace: currentNamespace,
            id: id,
            startTicks: ownStartTicks ?? "",
            timeNamespace: link("/proc/self/ns/time")
        )
    }

    /// Whether the process certainly no longer runs; false whenever that cannot be known.
    package var isKnownDead: Bool {
        guard !boot.isEmpty, !namespace.isEmpty, !startTicks.isEmpty, boot == Self.currentBoot,
            namespace == Self.currentNamespace, timeNamespace == Self.link("/proc/self/ns/time")
        else { return false }
        guard let ticks = Self.startTicks(of: id) else { return kill(id, 0) != 0 && errno == ESRCH }
        return ticks != startTicks
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static var currentBoot: String {
        readSmallFile("/proc/sys/kernel/random/boot_id").map { String($0.prefix { !$0.isWhitespace }) } ?? ""
    }

    private static var currentNamespace: String { link("/proc/self/ns/pid") ?? "" }

    private static func link(_ path: String) -> String? {
        var target = [UInt8](repeating: 0, count: 128)
        let count = target.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink(path, $0.assumingMemoryBound(to: CChar.self), bytes.count) } ?? 0
        }
        return count > 0 ? String(decoding: target[..<count], as: UTF8.self) : nil
    }

    /// Nil where `/proc` is that of another namespace: the numbers in it are then not those that `getpid()` gives, and a
    /// stranger's death would be taken for this process's.
    private static var ownStartTicks: String? {
        guard let text = readSmallFile("/proc/self/stat"), text.prefix(while: { $0 != " " }) == "\(getpid())" else {
            return nil
        }
        return startTicks(in: text)
    }

    private static func startTicks(of id: Int32) -> String? {
        readSmallFile("/proc/\(id)/stat").flatMap(startTicks(in:))
    }

    /// The command name in parentheses may hold anything, so fields are counted after the last parenthesis.
    private static func startTicks(in text: String) -> String? {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].dropFirst().split(separator: " ")
        return fields.count > 19 ? String(fields[19]) : nil
    }

    private static func readSmallFile(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
