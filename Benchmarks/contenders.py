"""What is compared, and in which order a round runs it."""
import os
import shutil

from measuring import Stopwatch
from server import say

NAMES = [
    "floor", "pg_dump-Z1", "backup", "pg_dump", "restic", "unchanged", "restic-unchanged", "pg_restore", "analyzed", "restore",
    "drill", "pgcopydb", "clustered", "scattered", "schema", "definitions",
]


class Contenders:
    def __init__(self, server, lifeboat, jobs, only):
        self.server, self.lifeboat, self.jobs, self.only = server, lifeboat, str(jobs), only
        self.watch = Stopwatch(server)
        self.repository = "repository"
        self.pieces = []
        self.missing = [name for name in ("restic", "pgcopydb") if not shutil.which(name)]
        for name in self.missing:
            say("'%s' is not installed (a Debian package of that name): left out" % name)

    def path(self, name):
        return os.path.join(self.server.work, name)

    def wants(self, name):
        return (not self.only or name in self.only) and not any(name.startswith(gone) for gone in self.missing)

    def round(self, number):
        """Everything once. Round 0 also finds out which statements a backup reads the rows with."""
        for name in (self.repository, "dump1", "dump", "restic"):
            shutil.rmtree(self.path(name), ignore_errors=True)
        # A repository that is gone is not made anew in silence.
        self.repository = "repository%d" % number
        steps = [self.floor, self.pg_dump_fast, self.backup, self.pg_dump, self.restic, self.unchanged,
                 self.restic_again, self.pg_restore, self.analyzed, self.restore, self.drill, self.pgcopydb, self.clustered,
                 self.scattered, self.schema, self.definitions]
        if number == 0:
            steps.remove(self.floor)
            steps.insert(steps.index(self.backup) + 1, self.floor)
        elif number % 2 == 0:  # who goes first matters to caches
            steps[0:3] = [self.backup, self.pg_dump_fast, self.floor]
            restore = steps.index(self.pg_restore)
            steps[restore:restore + 3] = [self.restore, self.analyzed, self.pg_restore]
        runs = [step(number) for step in steps]
        return [run for run in runs if run]

    def measure(self, name, number, *command, **more):
        return self.watch.run(name, number, list(command), **more) if self.wants(name) else None

    def take(self, name, number):
        run = self.watch.run(name, number,
                             [self.lifeboat, "backup", "dbname=source", "--to", self.path(self.repository), "-j", self.jobs],
                             stored=self.path(self.repository))
        return run if self.wants(name) else None

    def backup(self, number):
        if number > 0:
            return self.take("backup", number)
        position = self.server.log_position()
        self.server.sql("ALTER DATABASE source SET log_statement = 'all'")
        run = self.take("backup", number)
        self.server.sql("ALTER DATABASE source RESET log_statement")
        self.pieces = self.server.copies_since(position)
        return run

    def floor(self, number):
        """The statements of our own backup, in its order, their rows thrown away."""
        lanes = int(self.jobs)
        for lane in range(lanes):
            with open(self.path("lane%d.sql" % lane), "w") as file:
                file.write("SET search_path = '';\n")
                file.writelines(piece + ";\n" for piece in self.pieces[lane::lanes])
        commands = " & ".join("psql -qX -f %s >/dev/null" % self.path("lane%d.sql" % lane) for lane in range(lanes))
        return self.measure("floor", number, "bash", "-c", commands + " & wait")

    def pg_dump_fast(self, number):
        wanted = self.wants("pg_dump-Z1")
        if not wanted and not self.wants("pg_restore") and not self.wants("analyzed"):
            return None
        run = self.watch.run("pg_dump-Z1", number,
                             ["pg_dump", "-Fd", "-j" + self.jobs, "-Z1", "-f", self.path("dump1")],
                             stored=self.path("dump1"))
        return run if wanted else None

    def pg_dump(self, number):
        return self.measure("pg_dump", number, "pg_dump", "-Fd", "-j" + self.jobs, "-f", self.path("dump"),
                            stored=self.path("dump"))

    def unchanged(self, number):
        return self.take("unchanged", number) if self.wants("unchanged") else None

    def into_restic(self, name, number):
        return self.measure(
            name, number, "bash", "-o", "pipefail", "-c",
            "pg_dump -Fc -Z0 source | restic backup -q --stdin --stdin-filename source.dump",
            stored=self.path("restic"), environment=self.restic_environment())

    def restic_environment(self):
        return {"RESTIC_REPOSITORY": self.path("restic"), "RESTIC_PASSWORD": "benchmark",
                "RESTIC_CACHE_DIR": self.path("restic-cache")}

    def restic(self, number):
        if not self.wants("restic") and not self.wants("restic-unchanged"):
            return None
        self.watch.run("restic-init", number, ["restic", "init", "-q"], environment=self.restic_environment())
        run = self.into_restic("restic", number)
        if run is None:
            self.missing.append("restic-unchanged")
        return run

    def restic_again(self, number):
        return self.into_restic("restic-unchanged", number)

    def pg_restore(self, number):
        if not self.wants("pg_restore"):
            return None
        self.server.fresh_database("target")
        return self.measure("pg_restore", number, "pg_restore", "-j", self.jobs, "-d", "target", self.path("dump1"))

    def analyzed(self, number):
        """What PostgreSQL's own manual wants done after a restore, done: ours does it too."""
        if not self.wants("analyzed"):
            return None
        self.server.fresh_database("target")
        return self.measure(
            "analyzed", number, "bash", "-c",
            "pg_restore -j%s -d target %s && vacuumdb -q -j%s --analyze-only -d target"
            % (self.jobs, self.path("dump1"), self.jobs))

    def restore(self, number):
        if not self.wants("restore"):
            return None
        self.server.fresh_database("target")
        return self.measure("restore", number, self.lifeboat, "restore", "latest", "--from", self.path(self.repository),
                            "--to", "dbname=target", "-j", self.jobs)

    def drill(self, number):
        return self.measure("drill", number, self.lifeboat, "drill", "--from", self.path(self.repository), "-j", self.jobs)

    def pgcopydb(self, number):
        if not self.wants("pgcopydb"):
            return None
        self.server.fresh_database("target")
        shutil.rmtree(self.path("pgcopydb"), ignore_errors=True)
        host = self.server.relay.folder if number == 0 else self.server.work
        return self.measure(
            "pgcopydb", number, "pgcopydb", "clone", "--dir", self.path("pgcopydb"), "--source",
            "host=%s dbname=source" % host, "--target", "host=%s dbname=target" % self.server.work,
            "--table-jobs", self.jobs, "--index-jobs", self.jobs)

    def clustered(self, number):
        """The newest hundredth of every large table."""
        if not self.wants("clustered") and not self.wants("scattered"):
            return None
        self.server.sql(
            "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid > (SELECT max(aid) * 0.99 FROM pgbench_accounts)",
            "UPDATE orders SET status = status || '.' WHERE id > (SELECT max(id) * 0.99 FROM orders)",
            "UPDATE documents SET title = title || '.', body = reverse(body)"
            " WHERE id > (SELECT max(id) * 0.99 FROM documents)")
        return self.take("clustered", number)

    def scattered(self, number):
        """Every hundredth row of one table: the worst case, where no range can be kept."""
        if not self.wants("scattered"):
            return None
        self.server.sql("UPDATE orders SET status = status || '.' WHERE id % 100 = 0")
        return self.take("scattered", number)

    def schema(self, number):
        return self.measure("schema", number, "pg_dump", "--schema-only", "-f", self.path("schema.sql"))

    def definitions(self, number):
        """A whole backup, signed and committed, of the definitions alone; no run takes them over from the one before."""
        return self.measure("definitions", number, self.lifeboat, "backup", "dbname=source", "--to",
                            self.path("definitions"), "--exclude-rows", "*", "-j", self.jobs)
