"""One run of one program: seconds, CPU of both sides, memory, bytes."""
import dataclasses
import os
import subprocess
import sys
import threading
import time

from server import children


@dataclasses.dataclass
class Run:
    name: str
    round: int
    seconds: float
    client_cpu: float
    server_cpu: float
    #: Resident memory at its peak, of the largest process (a drill: of lifeboat, not of its server).
    peak_memory: int
    #: From the server to the client; only known in round 0.
    bytes_received: int = None
    bytes_stored: int = None


def folder_bytes(path):
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            total += os.lstat(os.path.join(folder, name)).st_size
    return total


class Stopwatch:
    def __init__(self, server):
        self.server = server

    def run(self, name, round, command, stored=None, environment=None):
        """Runs `command` to its end; `stored` is the folder whose growth counts."""
        self.server.sql("CHECKPOINT")
        before = folder_bytes(stored) if stored else 0
        relay = self.server.relay
        received, relayed = relay.received, round == 0
        environment = dict(os.environ, **(environment or {}))
        if relayed:
            environment["PGHOST"] = relay.folder
        cpu = self.server.cpu()
        start = time.monotonic()
        with open(self.server.work + "/last.out", "wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        # A drill's server is a child of lifeboat, and larger.
        memory = PeakMemory(process.pid, with_children=name != "drill")
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            with open(self.server.work + "/last.out", errors="replace") as output:
                sys.exit("run: '%s' failed:\n%s" % (" ".join(command), output.read()[-4000:]))
        return Run(name, round, seconds, usage.ru_utime + usage.ru_stime, self.server.cpu() - cpu,
                   memory.peak(),
                   relay.received - received if relayed else None,
                   folder_bytes(stored) - before if stored else None)


class PeakMemory:
    """The peak of the largest process of a tree, asked for while it lives: exec would hand on that of this program."""

    def __init__(self, pid, with_children):
        self.value, self.with_children = 0, with_children
        self.thread = threading.Thread(target=self.watch, args=(pid,), daemon=True)
        self.thread.start()

    def watch(self, pid):
        while True:
            try:
                pids = [pid]
                for parent in pids if self.with_children else []:
                    pids += children(parent)
                peaks = [resident_peak(pid) for pid in pids]
            except OSError:
                peaks = [resident_peak(pid)]
            if peaks[0] is None:
                return
            self.value = max([self.value] + [peak for peak in peaks if peak])
            time.sleep(0.05)

    def peak(self):
        self.thread.join(1)
        return self.value


def resident_peak(pid):
    """None when the process has ended."""
    try:
        with open("/proc/%d/status" % pid) as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM")), None)
    except OSError:
        return None
