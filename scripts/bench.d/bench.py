"""What the parts of the bench share: programs that run, a simulated camera, and tables."""

import collections
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """Something did not happen that had to, whatever the speed."""


class Program:
    """A running program whose lines of standard output are kept, each with the time when it came."""

    def __init__(self, argv, folder, **environment):
        self.name = os.path.basename(argv[0])
        self.errors = open(os.path.join(folder, self.name + ".err"), "ab")
        self.process = subprocess.Popen(
            argv, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            env={**os.environ, "LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no", **environment})
        # By the name of the event; answers have none.
        self.events = collections.defaultdict(list)
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            now = time.time()
            if line.startswith(b"{"):
                event = json.loads(line)
                event["arrived"] = now
                with self.news:
                    self.events[event.get("event")].append(event)
                    self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def wait(self, count, event=None, **wanted):
        """The first `count` events of this name with these fields, as soon as they are there."""
        matches = []

        def is_enough():
            found = self.events[event]
            if wanted:
                found = [e for e in found if all(e.get(key) == value for key, value in wanted.items())]
            matches[:] = found[:count]
            return len(matches) == count or not self.reader.is_alive()

        with self.news:
            self.news.wait_for(is_enough, 300)
        if len(matches) < count:
            how = "did not come within 300 s" if self.reader.is_alive() else "had not come when it ended"
            raise BenchError(f"{self.name}: {count} of {event} {wanted or ''} {how} ({len(matches)} did)\n{self.last_words()}")
        return matches

    def last_words(self):
        with open(self.errors.name, errors="replace") as file:
            return "".join(file.readlines()[-8:])

    def tell(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def tree(self):
        """The numbers of this process and its children, itself first."""
        numbers = [self.process.pid]
        for entry in filter(str.isdigit, os.listdir("/proc")):
            if (fields := stat(entry)) and int(fields[1]) == self.process.pid:
                numbers.append(int(entry))
        return numbers

    def cpu(self):
        """Processor seconds so far (user and system): of itself, and of its children."""
        times = []
        for number in self.tree():
            fields = stat(number)
            times.append((int(fields[11]) + int(fields[12])) / TICK if fields else 0)
        return times[0], sum(times[1:])

    def memory(self):
        """Resident bytes: of itself, and of its children."""
        sizes = []
        for number in self.tree():
            with open(f"/proc/{number}/status") as file:
                sizes.append(next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS")), 0))
        return sizes[0], sum(sizes[1:])

    def send(self, number):
        for process in self.tree():
            os.kill(process, number)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.reader.join()
        self.errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
        self.stop()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def stat(number):
    """The fields of /proc/N/stat behind the name; None if the process is gone."""
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


class Camera(Program):
    """pixcheese-camsim."""

    def __init__(self, bench, *options):
        super().__init__(
            [bench.program("pixcheese-camsim"), "--exit-on-eof", "--vendor", bench.vendor, *map(str, options)],
            bench.folder)
        self.port = self.wait(1, event="ready")[0]["port"]
        self.taken = 0

    def shoot(self, count=1):
        """Takes frames, and answers when they are announced."""
        self.tell(f"shoot {count}")
        self.taken += count
        return self.wait(self.taken, "shot")[-count:]

    def wait_for_session(self):
        """Until somebody has connected to it."""
        for tries in range(1, 600):
            self.tell("status")
            if self.wait(tries)[-1]["status"]["session"]:
                return
            time.sleep(0.05)
        raise BenchError("nobody opened a session with the camera within 30 s")


class Bench:
    """Where things are, and how much of everything."""

    def __init__(self, programs, folder, vendor, quick):
        self.programs, self.folder, self.vendor, self.quick = programs, folder, vendor, quick

    def program(self, name):
        return os.path.join(self.programs, name)

    def count(self, full, quick):
        return quick if self.quick else full

    def new_folder(self, name):
        path = os.path.join(self.folder, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def create(self, number, options, environment):
        """`pixcheese album create`, by somebody with a home of their own."""
        done = subprocess.run(
            [self.program("pixcheese"), "album", "create", f"bench {number}", *options, "--home",
             self.new_folder("owner"), "--json"],
            env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return json.loads(done.stdout)

    def tether(self, camera, home, *options):
        """`pixcheese tether`, connected."""
        program = Program(
            [self.program("pixcheese"), "tether", "--home", home, "--json", "--camera",
             f"ptpip:127.0.0.1:{camera.port}", "--listen", f"127.0.0.1:{free_port()}", *options], home)
        program.wait(1, event="camera.connected")
        return program

    def ask(self, *argv):
        """The one line of JSON that pixcheese-bench prints."""
        done = subprocess.run([self.program("pixcheese-bench"), *map(str, argv)], stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise BenchError(f"pixcheese-bench {argv[0]} failed ({done.returncode})")
        return json.loads(done.stdout)


def table(title, columns, rows):
    """Prints rows of text under a title, in columns."""
    rows = [columns] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in rows) for index in range(len(columns))]
    print("\n" + title)
    for row in rows:
        first, rest = row[0].ljust(widths[0]), [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join([first, *rest]).rstrip(), flush=True)


def seconds(value):
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms" if value >= 0.01 else f"{value * 1000:.2f} ms"


def megabytes(value):
    return f"{value / 1e6:.1f} MB"
