import Diagnostics
import Glibc

/// Runs `body` with a fresh folder and removes the folder and all in it afterwards.
package func withScratchFolder<Result>(_ body: (_ path: String) throws -> Result) throws -> Result {
    let path = try makeScratchFolder()
    defer { removeTree(path) }
    return try body(path)
}

/// The same for a body that suspends.
package func withScratchFolder<Result>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (_ path: String) async throws -> Result
) async throws -> Result {
    let path = try makeScratchFolder()
    defer { removeTree(path) }
    return try await body(path)
}

private func makeScratchFolder() throws -> String {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/lifeboat-test.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
        throw Diagnostic(.fileAccess, "cannot create a folder in '\(parent)'", cause: String(cString: strerror(errno)))
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Removes a file or a folder with everything in it; symbolic links are removed, not followed.
private func removeTree(_ path: String) {
    if let folder = opendir(path) {
        // Tests take permissions away; without them the folder could not be emptied.
        chmod(path, 0o700)
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { removeEntry("\(path)/\(name)") }
        }
        closedir(folder)
    }
    remove(path)
}

private func removeEntry(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
        unlink(path)
        return
    }
    removeTree(path)
}
