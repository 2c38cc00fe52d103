import CCrypto
import Diagnostics

// Every call into libcrypto. Nothing here decides anything: formats, limits and wording of refusals are elsewhere.

/// A refusal of libcrypto itself: not bad input, but a broken or exhausted machine.
func libcryptoFailure(_ action: String, code: DiagnosticCode = .internalError) -> Diagnostic {
    let number = ERR_get_error()
    ERR_clear_error()
    guard number != 0 else { return Diagnostic(code, "cannot \(action)", cause: "libcrypto gave no reason") }
    var text = [CChar](repeating: 0, count: 256)
    ERR_error_string_n(number, &text, text.count)
    let end = text.firstIndex(of: 0) ?? text.endIndex
    let reason = String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Diagnostic(code, "cannot \(action)", cause: reason)
}

/// Fills `buffer` from the system's generator.
func fillWithRandomBytes(_ buffer: UnsafeMutableRawBufferPointer) throws {
    guard let start = buffer.baseAddress else { return }
    guard RAND_bytes(start.assumingMemoryBound(to: UInt8.self), Int32(buffer.count)) == 1 else {
        throw libcryptoFailure("get random bytes")
    }
}

/// Overwrites memory in a way that no optimizer removes.
func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
    OPENSSL_cleanse(buffer.baseAddress, buffer.count)
}

/// Compares in a time that depends on the length only.
func equalInConstantTime(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
}

/// HMAC-SHA-256.
func hmacSHA256(key: SecretBytes, message: [UInt8]) throws -> [UInt8] {
    var mac = [UInt8](repeating: 0, count: 32)
    var length = 0
    let done = key.withBytes { key in
        EVP_Q_mac(
            nil,
            "HMAC",
            nil,
            "SHA256",
            nil,
            key.baseAddress,
            key.count,
            message,
            message.count,
            &mac,
            32,
            &length
        )
    }
    guard done != nil, length == 32 else { throw libcryptoFailure("compute an HMAC") }
    return mac
}

/// MD5, for protocols that ask for it as a checksum; nothing may trust it against a forger.
func md5Digest(_ give: (_ take: (UnsafeRawBufferPointer) -> Void) -> Void) -> [UInt8]? {
    // A machine in FIPS mode has none.
    guard let algorithm = EVP_MD_fetch(nil, "MD5", nil) else {
        ERR_clear_error()
        return nil
    }
    defer { EVP_MD_free(algorithm) }
    let context = DigestContext(algorithm)
    give { context.update($0) }
    return context.finish()
}

/// HKDF-SHA-256 (RFC 5869), extract and expand, 32 bytes out.
func hkdfSHA256(secret: SecretBytes, salt: [UInt8], info: String) throws -> SecretBytes {
    guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nil) else { throw libcryptoFailure("derive a key") }
    defer { EVP_PKEY_CTX_free(context) }
    let info = Array(info.utf8)
    var isReady = EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1
    // An absent salt is a string of zeroes, which is what HKDF makes of an empty one.
    if !salt.isEmpty { isReady = isReady && EVP_PKEY_CTX_set1_hkdf_salt(context, salt, Int32(salt.count)) == 1 }
    isReady =
        isReady && secret.withBytes { EVP_PKEY_CTX_set1_hkdf_key(context, $0.bytePointer, Int32($0.count)) } == 1
        && EVP_PKEY_CTX_add1_hkdf_info(context, info, Int32(info.count)) == 1
    guard isReady else { throw libcryptoFailure("derive a key") }
    return try SecretBytes(count: 32) { output in
        var length = output.count
        guard EVP_PKEY_derive(context, output.bytePointer, &length) == 1, length == 32 else {
            throw libcryptoFailure("derive a key")
        }
    }
}

/// The scrypt function (RFC 7914) with r = 8 and p = 1, 32 bytes out; takes `2^workFactor` KiB of memory while it runs.
func scryptKey(passphrase: SecretBytes, salt: [UInt8], workFactor: Int) throws -> SecretBytes {
    let cost = UInt64(1) << UInt64(workFactor)
    let memoryLimit = cost * 1024 + (1 << 20)
    return try SecretBytes(count: 32) { output in
        let status = passphrase.withBytes { text in
            EVP_PBE_scrypt(
                text.charPointer,
                text.count,
                salt,
                salt.count,
                cost,
                8,
                1,
                memoryLimit,
                output.bytePointer,
                output.count
            )
        }
        guard status == 1 else {
            throw libcryptoFailure("derive a key from the passphrase", code: .resourceExhausted)
        }
    }
}

/// The two curves that share libcrypto's raw key interface.
enum Curve {
    case x25519
    case ed25519

    private var identifier: Int32 { self == .x25519 ? EVP_PKEY_X25519 : EVP_PKEY_ED25519 }

    /// The 32-byte public key of a 32-byte secret.
    func publicKey(of secret: SecretBytes) throws -> [UInt8] {
        let key = try privateKey(secret)
        defer { EVP_PKEY_free(key) }
        var bytes = [UInt8](repeating: 0, count: 32)
        var length = bytes.count
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &length) == 1, length == 32 else {
            throw libcryptoFailure("compute a public key")
        }
        return bytes
    }

    fileprivate func privateKey(_ secret: SecretBytes) throws -> OpaquePointer {
        let key = secret.withBytes { EVP_PKEY_new_raw_private_key(identifier, nil, $0.bytePointer, $0.count) }
        guard let key else { throw libcryptoFailure("load a secret key") }
        return key
    }

    fileprivate func loadPublicKey(_ bytes: [UInt8]) throws -> OpaquePointer {
        guard let key = EVP_PKEY_new_raw_public_key(identifier, nil, bytes, bytes.count) else {
            throw libcryptoFailure("load a public key")
        }
        return key
    }
}

/// X25519 (RFC 7748); nil when the peer's point has low order, so that the shared secret would be all zeroes.
func x25519SharedSecret(_ secret: SecretBytes, _ peer: [UInt8]) throws -> SecretBytes? {
    let own = try Curve.x25519.privateKey(secret)
    defer { EVP_PKEY_free(own) }
    let other = try Curve.x25519.loadPublicKey(peer)
    defer { EVP_PKEY_free(other) }
    guard let context = EVP_PKEY_CTX_new(own, nil) else { throw libcryptoFailure("agree on a key") }
    defer { EVP_PKEY_CTX_free(context) }
    guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, other) == 1 else {
        throw libcryptoFailure("agree on a key")
    }
    var isUsable = true
    let shared = SecretBytes(count: 32) { output in
        var length = output.count
        // With 32-byte keys on both sides the only way to fail is the all-zero result, which libcrypto refuses.
        isUsable = EVP_PKEY_derive(context, output.bytePointer, &length) == 1 && !output.allSatisfy { $0 == 0 }
    }
    if !isUsable { ERR_clear_error() }
    return isUsable ? shared : nil
}

/// The 64-byte Ed25519 signature (RFC 8032) of `message`.
func ed25519Signature(of message: [UInt8], by secret: SecretBytes) throws -> [UInt8] {
    let key = try Curve.ed25519.privateKey(secret)
    defer { EVP_PKEY_free(key) }
    guard let context = EVP_MD_CTX_new() else { throw libcryptoFailure("sign") }
    defer { EVP_MD_CTX_free(context) }
    var signature = [UInt8](repeating: 0, count: 64)
    var length = signature.count
    guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
        EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length == 64
    else { throw libcryptoFailure("sign") }
    return signature
}

/// Whether `signature` is what the holder of `publicKey` made of `message`.
func isEd25519Signature(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool {
    guard signature.count == 64, let key = try? Curve.ed25519.loadPublicKey(publicKey) else { return false }
    defer {
        EVP_PKEY_free(key)
        ERR_clear_error()
    }
    guard let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
        && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
}

/// A running SHA-256; one thread at a time.
final class DigestContext {
    private let context: OpaquePointer

    init(_ algorithm: OpaquePointer = EVP_sha256()) {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        self.context = context
        // With an algorithm that is there and a fresh context, neither this nor the calls below can be refused.
        let status = EVP_DigestInit_ex(context, algorithm, nil)
        precondition(status == 1, "libcrypto refused an algorithm that it has")
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        let status = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(status == 1, "libcrypto refused to hash")
    }

    func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let status = EVP_DigestFinal_ex(context, &digest, &length)
        precondition(status == 1, "libcrypto refused to finish a hash")
        return Array(digest.prefix(Int(length)))
    }
}

/// ChaCha20-Poly1305 (RFC 8439) under one key, without associated data, in one direction; one thread at a time.
final class SealedBox {
    static let tagSize = 16
    static let nonceSize = 12

    private let context: OpaquePointer

    init(key: SecretBytes, sealing: Bool) throws {
        guard key.count == 32, let context = EVP_CIPHER_CTX_new() else {
            throw libcryptoFailure("set up ChaCha20-Poly1305")
        }
        let status = key.withBytes {
            EVP_CipherInit_ex(context, EVP_chacha20_poly1305(), nil, $0.bytePointer, nil, sealing ? 1 : 0)
        }
        guard status == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw libcryptoFailure("set up ChaCha20-Poly1305")
        }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Writes ciphertext and tag; `output` is `tagSize` bytes longer than `plaintext`.
    func seal(
        _ plaintext: UnsafeRawBufferPointer,
        nonce: [UInt8],
        into output: UnsafeMutableRawBufferPointer
    ) throws {
        precondition(nonce.count == Self.nonceSize && output.count == plaintext.count + Self.tagSize)
        let tag = UnsafeMutableRawBufferPointer(rebasing: output[plaintext.count...])
        guard transform(plaintext, nonce: nonce, into: output),
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagSize), tag.baseAddress) == 1
        else { throw libcryptoFailure("encrypt") }
    }

    /// Writes the plaintext and returns whether it is authentic; if not, `output` is wiped.
    func open(_ ciphertext: UnsafeRawBufferPointer, nonce: [UInt8], into output: UnsafeMutableRawBufferPointer) -> Bool
    {
        let bodyCount = ciphertext.count - Self.tagSize
        precondition(nonce.count == Self.nonceSize && bodyCount >= 0 && output.count == bodyCount)
        let body = UnsafeRawBufferPointer(rebasing: ciphertext[..<bodyCount])
        let tag = UnsafeMutableRawPointer(mutating: ciphertext.baseAddress?.advanced(by: bodyCount))
        let setTag = { [context] in
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagSize), tag) == 1
        }
        guard transform(body, nonce: nonce, into: output, beforeFinal: setTag) else {
            wipe(output)
            ERR_clear_error()
            return false
        }
        return true
    }

    /// Runs the cipher over one message; the key schedule of `init` is kept.
    private func transform(
        _ input: UnsafeRawBufferPointer,
        nonce: [UInt8],
        into output: UnsafeMutableRawBufferPointer,
        beforeFinal: () -> Bool = { true }
    ) -> Bool {
        var length: Int32 = 0
        guard EVP_CipherInit_ex(context, nil, nil, nil, nonce, -1) == 1 else { return false }
        if input.count > 0 {
            let status = EVP_CipherUpdate(context, output.bytePointer, &length, input.bytePointer, Int32(input.count))
            guard status == 1, Int(length) == input.count else { return false }
        }
        guard beforeFinal() else { return false }
        var rest: UInt8 = 0  // a stream cipher has nothing left to write here
        return EVP_CipherFinal_ex(context, &rest, &length) == 1 && length == 0
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var bytePointer: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
    fileprivate var charPointer: UnsafePointer<CChar>? { baseAddress?.assumingMemoryBound(to: CChar.self) }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate var bytePointer: UnsafeMutablePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
