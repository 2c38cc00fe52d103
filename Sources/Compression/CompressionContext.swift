import CZstd

/// One `ZSTD_CCtx` with its sticky parameters, freed with its owner.
final class CompressionContext {
    let handle: OpaquePointer

    /// Creates a context that compresses at `level` and ends every frame with a checksum of its content.
    init(level: Int) throws {
        guard let handle = ZSTD_createCCtx() else { throw ZstdStatus.outOfMemory() }
        self.handle = handle
        let level = min(max(level, Int(ZSTD_minCLevel())), Int(ZSTD_maxCLevel()))
        try ZstdStatus.check(ZSTD_CCtx_setParameter(handle, ZSTD_c_compressionLevel, CInt(level)))
        try ZstdStatus.check(ZSTD_CCtx_setParameter(handle, ZSTD_c_checksumFlag, 1))
        if level == 1 { try searchLess() }
    }

    /// Level 1 with longer steps between tries and a smaller table: a fifth less time and 2 % more bytes on COPY text.
    ///
    /// zstd takes longer steps for a wish to leave literals as they are, which would cost a third more bytes, so it is
    /// told to compress them: that parameter has no stable name, but its number in every version there is. A library
    /// that does not know it keeps to plain level 1.
    private func searchLess() throws {
        let literals = ZSTD_cParameter(rawValue: 1002)
        guard ZSTD_isError(ZSTD_CCtx_setParameter(handle, literals, 1)) == 0 else { return }
        try ZstdStatus.check(ZSTD_CCtx_setParameter(handle, ZSTD_c_targetLength, 2))
        try ZstdStatus.check(ZSTD_CCtx_setParameter(handle, ZSTD_c_hashLog, 13))
    }

    deinit { ZSTD_freeCCtx(handle) }
}

/// One `ZSTD_DCtx`, freed with its owner.
final class DecompressionContext {
    /// The base-2 logarithm of the largest window a frame may ask for: 64 MiB.
    ///
    /// `zstd --long` at its highest goes beyond it; nothing that Lifeboat writes does.
    static let windowLogMax: CInt = 26

    let handle: OpaquePointer

    init() throws {
        guard let handle = ZSTD_createDCtx() else { throw ZstdStatus.outOfMemory() }
        self.handle = handle
        try ZstdStatus.check(ZSTD_DCtx_setParameter(handle, ZSTD_d_windowLogMax, Self.windowLogMax))
    }

    deinit { ZSTD_freeDCtx(handle) }

    /// Forgets a frame that was left in the middle.
    func reset() throws {
        try ZstdStatus.check(ZSTD_DCtx_reset(handle, ZSTD_reset_session_only))
    }
}
