"""Medians of ratios within a round, as Markdown and as JSON."""
import dataclasses
import datetime
import os
import statistics
import subprocess


class Report:
    def __init__(self, runs, server, contenders, options):
        self.runs, self.options, self.missing = runs, options, contenders.missing
        self.lifeboat = subprocess.run([contenders.lifeboat, "version"], stdout=subprocess.PIPE,
                                       text=True).stdout.splitlines()[0].strip()
        self.server = "PostgreSQL " + server.sql("SHOW server_version")
        self.size = server.sql("SELECT pg_size_pretty(pg_database_size('source'))")

    def timed(self, name):
        return [run for run in self.runs if run.name == name and run.round > 0]

    def counted(self, name):
        return next((run for run in self.runs if run.name == name and run.round == 0), None)

    def median(self, name, field):
        values = [getattr(run, field) for run in self.timed(name)]
        return statistics.median(values) if values and None not in values else None

    def ratio(self, name, base, field="seconds"):
        """The median over the rounds of `name` / `base` within a round."""
        bases = {run.round: getattr(run, field) for run in self.timed(base)}
        ratios = [getattr(run, field) / bases[run.round] for run in self.timed(name) if bases.get(run.round)]
        return statistics.median(ratios) if ratios else None

    def row(self, title, name, *bases):
        if not self.timed(name):
            return []
        counted, stored = self.counted(name), self.median(name, "bytes_stored")
        cells = [title, "%.2f s" % self.median(name, "seconds")]
        cells += ["" if (ratio := self.ratio(name, base)) is None else "%.2f" % ratio for base in bases]
        cells += ["%.2f s" % self.median(name, "client_cpu"), "%.2f s" % self.median(name, "server_cpu"),
                  "%.0f MiB" % (self.median(name, "peak_memory") / 2**20),
                  size(counted.bytes_received if counted else None), size(stored)]
        return ["| " + " | ".join(cells) + " |"]

    def table(self, heading, bases, rows):
        lines = sum((self.row(title, name, *(base for _, base in bases)) for title, name in rows), [])
        if not lines:
            return []
        titles = [heading, "median"] + ["/ " + title for title, _ in bases]
        titles += ["CPU", "server's CPU", "peak memory", "read from server", "stored"]
        return ["", "| " + " | ".join(titles) + " |", "| --- |" + " ---: |" * (len(titles) - 1)] + lines

    def markdown(self):
        j = "-j%d" % self.options.jobs
        fast = ("`pg_dump -Fd %s -Z1`" % j, "pg_dump-Z1")
        lines = [self.described()]
        lines += self.table("full backup", [fast, ("the floor", "floor")], [
            ("the floor: the same COPY statements, rows thrown away", "floor"),
            ("`pg_dump -Fd %s -Z1`" % j, "pg_dump-Z1"), ("`pg_dump -Fd %s`" % j, "pg_dump"),
            ("`pg_dump -Fc -Z0` into `restic`", "restic"), ("`lifeboat backup`", "backup")])
        lines += self.table("backup again", [fast, ("first backup", "backup")], [
            ("`lifeboat backup`, nothing changed", "unchanged"),
            ("`lifeboat backup`, 1 % of the rows changed: the newest", "clustered"),
            ("`lifeboat backup`, every hundredth order changed", "scattered"),
            ("`pg_dump -Fc -Z0` into `restic`, nothing changed", "restic-unchanged")])
        bases = [("`pg_restore %s`" % j, "pg_restore"), ("the same with statistics", "analyzed")]
        lines += self.table("restore", bases, [
            ("`pg_restore %s`, statistics not gathered" % j, "pg_restore"),
            ("`pg_restore %s`, then `vacuumdb --analyze-only`" % j, "analyzed"),
            ("`lifeboat restore`, statistics gathered", "restore"),
            ("`lifeboat drill`: scratch server, restore, proof", "drill"),
            ("`pgcopydb clone` from server to server, statistics gathered", "pgcopydb")])
        lines += self.table("definitions alone", [("`pg_dump --schema-only`", "schema")], [
            ("`pg_dump --schema-only`", "schema"),
            ("`lifeboat backup --exclude-rows '*'`", "definitions")])
        for name in self.missing:
            lines += ["", "`%s` was not installed." % name]
        return "\n".join(lines)

    def described(self):
        return "%s; %d MB of rows, %d small tables, %s with indexes; %s; %d connections; %d processors; %s; rounds: %d." % (
            datetime.date.today(), self.options.megabytes, self.options.tables, self.size, self.server,
            self.options.jobs, os.cpu_count(), self.lifeboat, self.options.rounds)

    def json(self):
        names = sorted({run.name for run in self.runs})
        ratios = {name: {base: self.ratio(name, base) for base in ("pg_dump-Z1", "floor", "backup", "pg_restore", "analyzed")}
                  for name in names}
        return {"lifeboat": self.lifeboat, "server": self.server, "processors": os.cpu_count(),
                "megabytes": self.options.megabytes, "smallTables": self.options.tables, "jobs": self.options.jobs,
                "notInstalled": self.missing, "medianRatios": ratios,
                "runs": [dataclasses.asdict(run) for run in self.runs]}


def size(count):
    if count is None:
        return ""
    return "%.0f kB" % (count / 1e3) if count < 10e6 else "%.0f MB" % (count / 1e6)
