import Diagnostics
import Glibc
import Streams

/// An extension that a test writes itself: SQL only.
package struct TestExtension: Sendable {
    package let name: String
    /// Lines of the control file besides the version, such as `schema = pg_catalog`.
    package let control: String
    package let sql: String

    /// Creates the description of version 1 of an extension.
    package init(_ name: String, control: String = "", sql: String) {
        self.name = name
        self.control = control
        self.sql = sql
    }
}

extension PostgresMajor {
    /// Copies the server's programs to below `root`, with links to what it has installed and with `extensions` besides.
    ///
    /// PostgreSQL looks for its files relative to its own program where that lies in a tree like the one it was built
    /// for. So nobody has to be allowed to write into the system's folders. Returns the folder of the programs.
    func programs(with extensions: [TestExtension], below root: String) throws -> String {
        let bin = try binaries()
        let tree = root + "/programs"
        let outcome = try ChildProcess.run(
            ChildLaunch("/bin/sh", ["-c", Self.copying, "sh", bin, tree, String(rawValue)])
        )
        guard outcome.ending.isSuccess else {
            throw Diagnostic(.fileAccess, "cannot copy the programs to '\(tree)'", cause: redacted(outcome.message))
        }
        let shelf = "\(tree)/share/postgresql/\(rawValue)/extension/"
        for item in extensions {
            for (path, text) in [
                (item.name + ".control", "default_version = '1'\n\(item.control)\n"), (item.name + "--1.sql", item.sql),
            ] {
                let file = try AtomicFile(path: shelf + path, .create)
                try file.write(text: text)
                try file.finish()
                chmod(shelf + path, 0o644)
            }
        }
        return "\(tree)/lib/postgresql/\(rawValue)/bin"
    }

    /// For Debian's own packages.
    private static let copying = """
        set -e
        bin=$1 lib=$2/lib/postgresql/$3 share=/usr/share/postgresql/$3 copy=$2/share/postgresql/$3
        mkdir -p "$lib/bin" "$copy/extension"
        cp "$bin/postgres" "$bin/initdb" "$lib/bin"
        ln -s "$bin/../lib" "$lib/lib"
        for file in "$share"/*; do [ "${file##*/}" = extension ] || ln -s "$file" "$copy"; done
        ln -s "$share"/extension/* "$copy/extension"
        """
}
