"""What running processes cost: CPU, memory, system calls, instructions, allocations.

A process counts with its children. CPU is the scheduler's own account in nanoseconds; its split into user and system time
comes in ticks of 10 ms.
"""
import glob
import os
import re
import shutil
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"}


def with_children(pid):
    pids = [pid]
    for at in pids:
        for children in glob.glob(f"/proc/{at}/task/*/children"):
            try:
                with open(children) as it:
                    pids += [int(child) for child in it.read().split()]
            except FileNotFoundError:
                pass
    return pids


def _fields_of(path):
    try:
        with open(path) as it:
            return it.read().rsplit(")", 1)[-1].split()
    except FileNotFoundError:
        return None


def cpu_seconds(pid):
    """User, system, and all CPU; the last is exact."""
    user = system = exact = 0
    for at in with_children(pid):
        fields = _fields_of(f"/proc/{at}/stat")
        if fields:
            user += int(fields[11])
            system += int(fields[12])
        for thread in glob.glob(f"/proc/{at}/task/*/schedstat"):
            exact += int((_fields_of(thread) or [0])[0])
    return user / TICKS, system / TICKS, exact / 1e9


def resident_kib(pid):
    total = 0
    for at in with_children(pid):
        try:
            with open(f"/proc/{at}/status") as it:
                total += sum(int(line.split()[1]) for line in it if line.startswith("VmRSS:"))
        except FileNotFoundError:
            pass
    return total


class SystemCalls:
    """Counts those made while it is open: with SystemCalls(pid, folder) as counted: ...; counted.total, counted.by_name"""

    def __init__(self, pid, folder):
        self.path = os.path.join(folder, f"strace.{pid}")
        self.command = ["strace", "-f", "-c", "-o", self.path]
        for at in with_children(pid):
            self.command += ["-p", str(at)]
        self.total, self.by_name = 0, {}

    def __enter__(self):
        self.strace = subprocess.Popen(self.command, stderr=subprocess.DEVNULL)
        time.sleep(1)  # until it has attached to every thread; there is nothing to wait for
        return self

    def __exit__(self, *_):
        self.strace.send_signal(signal.SIGINT)
        self.strace.wait(20)
        with open(self.path) as table:
            for line in table:
                fields = line.split()
                if len(fields) >= 5 and fields[-1] != "total" and re.fullmatch(r"[\d.]+", fields[0]):
                    self.by_name[fields[-1]] = int(fields[3])
        self.total = sum(self.by_name.values())


class Instructions:
    """User instructions and allocations, likewise, of a process that was started by `Instructions.command(...)`: those of its
    busiest thread, since callgrind slows calls down and what happens so often a second would seem to happen at each."""

    @staticmethod
    def command(folder, *command):
        return ["valgrind", "--tool=callgrind", "--trace-children=yes", "--separate-threads=yes",
                f"--callgrind-out-file={folder}/callgrind.%p", *command]

    @staticmethod
    def possible():
        return shutil.which("callgrind_control") is not None

    def __init__(self, pid, folder):
        self.pid, self.folder = pid, folder
        self.total = self.allocations = 0

    def _control(self, what):
        subprocess.run(["callgrind_control", what, str(self.pid)], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)

    def __enter__(self):
        self._control("-z")
        self.before = set(glob.glob(f"{self.folder}/callgrind.{self.pid}.*"))
        return self

    def __exit__(self, *_):
        self._control("-d")
        dumps = set(glob.glob(f"{self.folder}/callgrind.{self.pid}.*")) - self.before
        self.total, self.allocations = max(self._read(dump) for dump in dumps)

    @staticmethod
    def _read(path):
        names, callee, total, allocations = {}, None, 0, 0
        with open(path) as dump:
            for line in dump:
                if line.startswith(("fn=", "cfn=")):
                    number, name = re.match(r"c?fn=\((\d+)\)(?: (.*))?", line.rstrip()).groups()
                    names.setdefault(number, name)
                    callee = names[number] if line[0] == "c" else None
                elif line.startswith("calls=") and callee in ALLOCATORS:
                    allocations += int(line[6:].split()[0])
                elif line.startswith(("summary:", "totals:")):
                    total = int(line.split()[1])
        return total, allocations
