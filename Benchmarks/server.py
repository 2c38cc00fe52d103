"""A PostgreSQL of our own in a temporary folder, reached over a Unix socket, and a relay that counts."""
import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 54398
SETTINGS = {
    "listen_addresses": "", "port": PORT, "shared_buffers": "256MB", "max_wal_size": "16GB",
    # Work that happens by itself at moments of its own is noise here.
    "autovacuum": "off", "checkpoint_timeout": "1h", "max_locks_per_transaction": 512,
}


def say(text):
    print("run: " + text, file=sys.stderr, flush=True)


class Server:
    def __enter__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
        if not found:
            sys.exit("run: no PostgreSQL server binaries found; run scripts/setup")
        self.bin = found[-1]
        self.work = tempfile.mkdtemp(prefix="lifeboat-benchmark.", dir=os.environ.get("TMPDIR"))
        self.user = None
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.work, "postgres")
            self.user = "postgres"
        os.environ.update(
            PATH=self.bin + ":" + os.environ["PATH"], PGHOST=self.work, PGPORT=str(PORT), PGUSER="postgres",
            PGDATABASE="source", XDG_CONFIG_HOME=self.work + "/config",
        )
        os.makedirs(os.environ["XDG_CONFIG_HOME"])
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        self.relay = Relay(self.work)
        return self

    def __exit__(self, *_):
        subprocess.run(self.control("-m", "immediate", "stop"), user=self.user, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        shutil.rmtree(self.work, ignore_errors=True)

    def control(self, *words):
        return [self.bin + "/pg_ctl", "-D", self.work + "/data", "-w", "-t", "300", *words]

    def start(self):
        data = self.work + "/data"
        with open(self.work + "/initdb.log", "wb") as log:
            subprocess.run([self.bin + "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                            "--locale=C.UTF-8"], user=self.user, check=True, stdout=log, stderr=log, cwd=self.work)
        with open(data + "/postgresql.auto.conf", "a") as file:
            for name, value in dict(SETTINGS, unix_socket_directories=self.work).items():
                file.write("%s = '%s'\n" % (name, value))
        subprocess.run(self.control("-l", self.work + "/server.log", "start"), user=self.user, check=True,
                       stdout=subprocess.DEVNULL, cwd=self.work)
        with open(data + "/postmaster.pid") as file:
            self.postmaster = int(file.readline())

    def sql(self, *statements, database="source"):
        words = ["env", "PGOPTIONS=-c client_min_messages=warning", "psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", database]
        for statement in statements:
            words += ["-c", statement]
        return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def make_source(self, megabytes, tables):
        self.sql("CREATE DATABASE source", database="postgres")
        # A row of pgbench's accounts is 97 bytes of text; they make up two fifths.
        scale = max(1, round(megabytes * 0.4 / 9.7))
        subprocess.run(["pgbench", "-q", "-i", "-s", str(scale), "-I", "dtGp", "source"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-v", "megabytes=%d" % megabytes, "-v",
                        "tables=%d" % tables, "-f", HERE + "/database.sql"], check=True, stdout=subprocess.DEVNULL)
        self.sql("CHECKPOINT")

    def fresh_database(self, name):
        self.sql("DROP DATABASE IF EXISTS %s" % name, "CREATE DATABASE %s TEMPLATE template0" % name,
                 database="postgres")

    def cpu(self):
        """Seconds of CPU that the server has used so far, by all of its processes, gone ones included."""
        ticks = sum(stat_fields(self.postmaster)[11:15])
        for pid in children(self.postmaster):
            try:
                ticks += sum(stat_fields(pid)[11:13])
            except OSError:
                pass
        return ticks / os.sysconf("SC_CLK_TCK")

    def copies_since(self, position):
        """The COPY statements in the log from `position` on."""
        with open(self.work + "/server.log", errors="replace") as log:
            log.seek(position)
            return [line.split("statement: ", 1)[1].strip() for line in log
                    if "statement: COPY " in line and "TO STDOUT" in line]

    def log_position(self):
        return os.path.getsize(self.work + "/server.log")


def stat_fields(pid):
    with open("/proc/%d/stat" % pid) as file:
        rest = file.read().rsplit(")", 1)[1].split()
    return [0 if index == 0 else int(field) for index, field in enumerate(rest)]


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(word) for word in file.read().split()]


class Relay:
    """Passes everything between clients and the server and counts what comes from the server."""

    def __init__(self, work):
        self.folder = work + "/relay"
        os.makedirs(self.folder)
        self.target = "%s/.s.PGSQL.%d" % (work, PORT)
        self.received = 0
        self.lock = threading.Lock()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("%s/.s.PGSQL.%d" % (self.folder, PORT))
        listener.listen(128)
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            client, _ = listener.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            threading.Thread(target=self.pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, True), daemon=True).start()

    def pump(self, source, sink, counts):
        try:
            while chunk := source.recv(1 << 18):
                if counts:
                    with self.lock:
                        self.received += len(chunk)
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
