import Glibc

/// The project's files as text, read from the checkout that the tests were built in.
struct SourceTree {
    /// One Swift file.
    struct File {
        let path: String
        let text: String
        var module: String { String(path.split(separator: "/")[1]) }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    static let root: String = {
        let components = #filePath.split(separator: "/").dropLast(3)
        return "/" + components.joined(separator: "/")
    }()

    /// Every Swift file below `folder` (`Sources` or `Tests`).
    static func files(below folder: String) -> [File] {
        walk(folder).filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            read(path).map { File(path: path, text: $0) }
        }
    }

    /// The text of one file, by its path in the checkout.
    static func read(_ path: String) -> String? {
        guard let stream = fopen(root + "/" + path, "r") else { return nil }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func walk(_ folder: String) -> [String] {
        guard let directory = opendir(root + "/" + folder) else { return [] }
        defer { closedir(directory) }
        var found: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            let path = folder + "/" + name
            if entry.pointee.d_type == UInt8(DT_DIR) { found += walk(path) } else { found.append(path) }
        }
        return found
    }
}
