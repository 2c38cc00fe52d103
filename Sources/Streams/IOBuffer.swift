/// A fixed block of raw memory, reused for every chunk that passes through a stage; freed when it goes out of scope.
package struct IOBuffer: ~Copyable {
    package let storage: UnsafeMutableRawBufferPointer

    /// Allocates `capacity` bytes without clearing them.
    package init(capacity: Int) {
        storage = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit { storage.deallocate() }

    /// The first `count` bytes, for as long as the buffer lives.
    package func prefix(_ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: storage[..<count])
    }
}
