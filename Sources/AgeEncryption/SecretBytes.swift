/// Bytes that nobody else may see: overwritten when the last reference goes, never printed.
///
/// `@unchecked Sendable`: the memory is written only inside the initializers and is read-only from then on.
package final class SecretBytes: @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer

    /// Allocates `count` bytes, which `fill` writes.
    init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        storage = .allocate(byteCount: count, alignment: 16)
        try fill(storage)
    }

    /// Takes the bytes over and overwrites the array they came in.
    package convenience init(wiping bytes: inout [UInt8]) {
        self.init(count: bytes.count) { storage in bytes.withUnsafeBytes { storage.copyMemory(from: $0) } }
        bytes.withUnsafeMutableBytes { wipe($0) }
    }

    /// The UTF-8 bytes of a passphrase.
    package convenience init(utf8 text: String) {
        var bytes = Array(text.utf8)
        self.init(wiping: &bytes)
    }

    /// Bytes straight from the system's generator.
    static func random(count: Int) throws -> SecretBytes {
        try SecretBytes(count: count) { try fillWithRandomBytes($0) }
    }

    deinit {
        wipe(storage)
        storage.deallocate()
    }

    /// How many bytes there are.
    package var count: Int { storage.count }

    /// Lends the bytes for one call.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(storage))
    }
}
