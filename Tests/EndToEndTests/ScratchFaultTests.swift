import Glibc
import Streams
import TestSupport
import Testing

@Suite("A fault of the machine that rehearses says nothing about the point")
struct ScratchFaultTests {
    /// Takes the place of `postgres`: once a condition is held against rows, nobody can connect any more.
    private static let unreachable = """
        #!/bin/sh
        case "$*" in *config_file*) ;; *) exec "REAL/postgres" "$@" ;; esac
        "REAL/postgres" "$@" &
        server=$!
        trap 'kill -QUIT $server; wait $server; exit' QUIT
        while kill -0 $server 2>/dev/null; do
            for child in $(cat /proc/$server/task/$server/children); do
                tr '\\0' ' ' </proc/$child/cmdline 2>/dev/null | grep -q 'drill_.* ALTER TABLE' && rm -f "$2"/../.s.PGSQL.*
            done
            sleep 0.05
        done
        wait $server
        """

    @Test("a scratch server that nobody can reach any more leaves the point unjudged")
    func unreachableServer() throws {
        let sql = """
            CREATE FUNCTION slow(integer) RETURNS boolean LANGUAGE sql AS 'SELECT pg_catalog.pg_sleep(0.7) IS NOT NULL';
            CREATE TABLE one (n integer CHECK (public.slow(n)));
            INSERT INTO one VALUES (1);
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let real = try PostgresMajor.v15.binaries()
            let folder = scene.folder + "/bin"
            try Directory(folder).create()
            #expect(symlink(real + "/initdb", folder + "/initdb") == 0)
            try scene.write(Self.unreachable.replacing("REAL", with: real), to: folder + "/postgres")
            for path in [scene.folder, folder, folder + "/postgres"] { chmod(path, 0o755) }
            let programs = ["LIFEBOAT_POSTGRES_BIN": folder]
            let drill = try scene.lifeboat("drill", "--from", scene.repository, environment: programs)
            #expect(drill.status == 5 && drill.output.contains("unverified"), "\(drill)")
            #expect(drill.output.contains("connect"), "\(drill)")
            #expect(try scene.lifeboat("drill", "--from", scene.repository).output.contains("proven"))
        }
    }
}
