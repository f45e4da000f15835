"""(e) Delivery over bad networks, beside rclone and curl: the same link, the same files, the same S3 store.

The links are made by badnet (../shared/tools/badnet, or PIXCHEESE_BADNET), which needs root; the store is SeaweedFS. Ours
goes into an album server of its own as well.
"""

import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

import tcp
from bench import BenchError, Camera, Program, megabytes, table
from stores import CHUNK, AlbumServer, ObjectStore, digest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BADNET = os.environ.get("PIXCHEESE_BADNET", os.path.join(ROOT, "..", "shared", "tools", "badnet"))
PHOTOS = os.environ.get("PIXCHEESE_PHOTOS", os.path.join(ROOT, "..", "shared", "photos"))
VENV = os.environ.get("PIXCHEESE_TEST_VENV", os.path.join(ROOT, ".venv-test"))

VENUE = ["--up", "2mbit", "--down", "2mbit", "--delay", "40ms"]
LOSSY = ["--up", "20mbit", "--down", "20mbit", "--delay", "50ms", "--loss", "1%"]
FAST = ["--up", "200mbit", "--down", "200mbit", "--delay", "5ms"]


def run(bench):
    if os.geteuid() != 0 or not os.access(BADNET, os.X_OK) or not os.path.exists("/dev/net/tun"):
        print("\n(e) Delivery is left out: it needs root, /dev/net/tun and badnet (PIXCHEESE_BADNET).")
        return {"left_out": True}
    figures = {}
    with Ground(bench) as ground:
        for part in os.environ.get("PIXCHEESE_BENCH_DELIVERY", ",".join(PARTS)).split(","):
            figures[part] = PARTS[part](bench, ground)
            figures[part]["load"] = os.getloadavg()[0]
            print(f"  load of the machine meanwhile: {os.getloadavg()[0]:.1f}", flush=True)
    return figures


class Ground:
    """The far ends, the files, and who sends over a link."""

    def __init__(self, bench):
        self.bench = bench
        self.address = f"10.{random.randint(80, 199)}.{random.randint(0, 254)}.1"
        self.rclone, self.weed = (self.tool(name) for name in ("rclone", "weed"))
        self.photos = self.make_photos()
        self.server = self.store = None
        self.sink = tcp.Sink()

    @staticmethod
    def tool(name):
        """A program of the tests' environment, or the system's; `None` if neither is there."""
        path = os.path.join(VENV, "bin", name)
        return path if os.access(path, os.X_OK) else shutil.which(name)

    def make_photos(self):
        """Ten camera JPEGs: real ones where they are, else the simulated camera's."""
        real = sorted(name for name in os.listdir(PHOTOS) if name.endswith(".jpg")) if os.path.isdir(PHOTOS) else []
        folder = self.bench.new_folder("photos")
        if len(real) >= 10:
            for name in real[:10]:
                shutil.copy(os.path.join(PHOTOS, name), folder)
        else:
            card = self.bench.new_folder("card")
            with Camera(self.bench, "--card", card, "--scenes", 4, "--megabytes", 3.4) as camera:
                camera.shoot(10)
            for place, _, names in os.walk(card):
                for name in names:
                    shutil.move(os.path.join(place, name), folder)
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.lower().endswith(".jpg")]

    def __enter__(self):
        self.server = AlbumServer(self.bench, self.address)
        if self.weed:
            self.store = ObjectStore(self.bench, self.weed)
        return self

    def __exit__(self, *_):
        for end in (self.server, self.store):
            if end:
                end.close()

    def ends(self):
        """Where ours can go, by the words for it."""
        return [("album server", self.server)] + ([("S3", self.store)] if self.store else [])

    def badnet(self, link, command, environment):
        """Runs a command over a link: when it began, how long it took (not the making of the link), and the bytes that went up."""
        done = subprocess.run(
            [BADNET, *link, "--server", self.address, "--report", "--", "bash", "-c",
             'date "+began %s.%N" >&2; TIMEFORMAT="took %R"; time "$@"', "time", *command],
            env={**os.environ, "SWIFT_BACKTRACE": "enable=no", **environment}, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        words = done.stderr.decode(errors="replace")
        if done.returncode:
            raise BenchError(f"{command[0]} ended with {done.returncode}\n{words[-1500:]}")
        number = lambda pattern: float(re.search(pattern, words, re.MULTILINE).group(1))
        return {"seconds": number(r"^took ([0-9.]+)"), "began": number(r"^began ([0-9.]+)"),
                "wire": int(number(r"up \d+ packets, (\d+) bytes"))}

    def upload(self, end, link, files, watch=None, congestion="bbr"):
        """Ours: `pixcheese upload` into a new album; every byte is compared.

        With `watch` guests' renditions go as well; without it the originals alone, as with the others.
        """
        isServer = end is self.server
        album = end.album(isPlain=not watch) if isServer else end.album()
        command = [self.bench.program("pixcheese"), "upload", *files, "--album", album.target, "--json", "--patience", "120",
                   "--home", self.bench.new_folder("uploader")]
        environment = {**(album.environment if isServer else end.environment(self.address)),
                       "PIXCHEESE_CONGESTION_CONTROL": "bbr" if congestion == "bbr" else "system"}
        if not isServer and not watch:
            # A bucket has the renditions before: what is measured is what the others send too.
            subprocess.run([*command, "--originals", "later"], env={**os.environ, **end.environment()}, check=True,
                           stdout=subprocess.DEVNULL)
        if watch:
            watch.begin(album)
        figures = self.badnet(link, command, environment)
        if album.digests() != sorted(map(digest, files)):
            raise BenchError(f"{album.target} has other originals than were sent")
        return figures

    def copy(self, link, files):
        """`rclone copy --transfers 4`."""
        return self.badnet(
            link,
            [self.rclone, "copy", os.path.dirname(files[0]), f"store:{self.store.folder()}", "--transfers", "4", "--config",
             "/dev/null", *(word for path in files for word in ("--include", os.path.basename(path)))],
            self.store.rclone(self.address))

    def put(self, link, files):
        """One `curl -T` for each file, one after the other over one connection."""
        return self.badnet(
            link,
            ["curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", "--aws-sigv4", "aws:amz:us-east-1:s3",
             "--user", f"{self.store.KEY}:{self.store.SECRET}", "-T", "{" + ",".join(files) + "}",
             f"http://{self.address}:{self.store.port}/{self.store.folder()}/"], {})

    def carry(self, link, files):
        """As many bytes by TCP alone."""
        count = sum(os.path.getsize(path) for path in files)
        return self.badnet(link, [sys.executable, tcp.__file__, self.address, str(self.sink.port), str(count)], {})

    def rivals(self):
        """The others, by their names, where they and the store are."""
        if not self.store:
            return []
        return ([("rclone copy --transfers 4, S3", self.copy)] if self.rclone else []) + [("curl -T, S3", self.put)]


class Watch:
    """A guest, who notes when the first preview is there."""

    def begin(self, album):
        self.at = None
        self.album = album
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        while not any(frame.get("preview") for frame in self.album.frames()):
            time.sleep(0.02)
        self.at = time.time()


def goodput(figures, files):
    """Megabits of originals a second."""
    return sum(os.path.getsize(path) for path in files) * 8 / figures["seconds"] / 1e6


def beside(ground, link, files, congestion, turns=1):
    """Ours and the others', in turn on one link; of several turns the one in the middle."""
    link = [*link, "--congestion", congestion]
    senders = [
        (f"pixcheese, {words}", lambda end=end: ground.upload(end, link, files, congestion=congestion))
        for words, end in ground.ends()
    ] + [(name, lambda send=send: send(link, files)) for name, send in ground.rivals()]
    senders.append((f"nothing but TCP, {tcp.CONNECTIONS} connections", lambda: ground.carry(link, files)))
    runs = {name: [] for name, _ in senders}
    for _ in range(turns):
        for name, send in senders:
            runs[name].append(send())
    payload = sum(os.path.getsize(path) for path in files)
    figures = {}
    for name, all_ in runs.items():
        figure = figures[name] = sorted(all_, key=lambda run: run["seconds"])[(len(all_) - 1) // 2]
        figure["mbit"] = goodput(figure, files)
        figure["each"] = [round(goodput(run, files), 2) for run in all_]
        figure["overhead"] = figure["wire"] / payload
    return figures


def first(bench, ground):
    """Until the first frame can be viewed, at 2 Mbit/s and 80 ms."""
    frame = min(ground.photos, key=lambda path: abs(os.path.getsize(path) - 3.5e6))
    figures = {"bytes": os.path.getsize(frame)}
    for words, end in ground.ends():
        times = []
        for _ in range(bench.count(3, 1)):
            watch = Watch()
            began = ground.upload(end, VENUE, [frame], watch)["began"]
            watch.thread.join(10)
            times.append(watch.at - began)
        figures[f"pixcheese, {words}"] = statistics.median(times)
    for name, send in ground.rivals():
        figures[name] = send(VENUE, [frame])["seconds"]
    rows = [[name, f"{seconds:.2f} s"] for name, seconds in figures.items() if name != "bytes"]
    table(f"(e) Until a frame of {megabytes(figures['bytes'])} can be viewed, 2 Mbit/s and 80 ms (aim: 2 s)", ["", "time"], rows)
    return figures


def lossy(bench, ground):
    figures = {}
    files = ground.photos if not bench.quick else ground.photos[:3]
    for congestion, aim in (("bbr", "18 Mbit/s"), ("reno", "2 × rclone")):
        figures[congestion] = beside(ground, LOSSY, files, congestion, turns=bench.count(3, 1) if congestion == "bbr" else 1)
        table(f"(e) {len(files)} camera JPEGs at 20 Mbit/s, 100 ms, 1 % loss, {congestion}", COLUMNS,
              lines(figures[congestion], aim))
    return figures


def fast(bench, ground):
    folder = bench.new_folder("large")
    files = []
    for number in range(bench.count(4, 2)):
        files.append(noise(os.path.join(folder, f"large-{number}.jpg"), ground.photos[0], bench.count(256 << 20, 64 << 20)))
    figures = beside(ground, FAST, files, "reno")
    shutil.rmtree(folder)
    table(f"(e) {len(files)} files of {megabytes(256 << 20)} at 200 Mbit/s, 10 ms", COLUMNS, lines(figures, "190 Mbit/s"))
    return figures


def memory(bench, ground):
    """The highest resident size while a file of 2 GB goes."""
    folder = bench.new_folder("huge")
    path = noise(os.path.join(folder, "huge.mov"), None, bench.count(2 << 30, 64 << 20))
    figures = {"bytes": os.path.getsize(path)}
    for words, end in ground.ends():
        album = end.album(host="127.0.0.1") if end is ground.server else end.album()
        home = bench.new_folder("uploader")
        environment = album.environment if end is ground.server else end.environment()
        with Program(
            [bench.program("pixcheese"), "upload", path, "--album", album.target, "--home", home, "--json"], home, **environment) as program:
            figures[words] = highest(program)
    shutil.rmtree(folder)
    table(f"(e) Memory while a file of {megabytes(figures['bytes'])} goes (aim: 80 MB)", ["", "highest", "of it its own"],
          [[words, megabytes(figures[words]["all"]), megabytes(figures[words]["own"])] for words, _ in ground.ends()])
    return figures


def highest(program):
    """The most that was resident, and the most of it that was not the program's file or libraries."""
    most = {"VmHWM": 0, "RssAnon": 0}
    while program.reader.is_alive():
        try:
            with open(f"/proc/{program.process.pid}/status") as file:
                for line in file:
                    name, _, value = line.partition(":")
                    if name in most:
                        most[name] = max(most[name], int(value.split()[0]) * 1024)
        except OSError:
            break
        time.sleep(0.1)
    if program.process.wait() != 0:
        raise BenchError(f"the upload ended with {program.process.returncode}\n{program.last_words()}")
    return {"all": most["VmHWM"], "own": most["RssAnon"]}


COLUMNS = ["", "time", "goodput", "on the wire", "aim"]
PARTS = {"first": first, "lossy": lossy, "fast": fast, "memory": memory}


def lines(figures, aim):
    return [
        [name, f"{figure['seconds']:.1f} s", f"{figure['mbit']:.1f} Mbit/s",
         f"{figure['overhead']:.3f} ×", aim if name.startswith("pixcheese") else ""]
        for name, figure in figures.items()
    ]


def noise(path, picture, size):
    """A file of so many bytes that is a picture at its beginning and random after it."""
    with open(path, "wb") as file:
        if picture:
            with open(picture, "rb") as source:
                file.write(source.read())
        while file.tell() < size:
            file.write(os.urandom(min(CHUNK, size - file.tell())))
    return path
