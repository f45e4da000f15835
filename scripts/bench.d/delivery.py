"""(e) Delivery over bad networks, beside rclone and curl on the same link with the same files.

The links are made by badnet (../shared/tools/badnet, or PIXCHEESE_BADNET), which needs root. The far end of ours is an
album server; that of rclone and curl is rclone's own WebDAV server, the nearest equal of it.
"""

import hashlib
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import threading
import time
import urllib.request

from bench import BenchError, Camera, Program, free_port, megabytes, table

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BADNET = os.environ.get("PIXCHEESE_BADNET", os.path.join(ROOT, "..", "shared", "tools", "badnet"))
PHOTOS = os.environ.get("PIXCHEESE_PHOTOS", os.path.join(ROOT, "..", "shared", "photos"))
CHUNK = 1 << 20

VENUE = ["--up", "2mbit", "--down", "2mbit", "--delay", "40ms"]
LOSSY = ["--up", "20mbit", "--down", "20mbit", "--delay", "50ms", "--loss", "1%"]
FAST = ["--up", "200mbit", "--down", "200mbit", "--delay", "5ms"]


def run(bench):
    if os.geteuid() != 0 or not os.access(BADNET, os.X_OK) or not os.path.exists("/dev/net/tun"):
        print("\n(e) Delivery is left out: it needs root, /dev/net/tun and badnet (PIXCHEESE_BADNET).")
        return {"left_out": True}
    figures = {}
    with Ground(bench) as ground:
        parts = os.environ.get("PIXCHEESE_BENCH_DELIVERY", "first,lossy,fast,memory").split(",")
        for part in parts:
            figures[part] = PARTS[part](bench, ground)
    return figures


class Ground:
    """Both far ends, and the files."""

    def __init__(self, bench):
        self.bench = bench
        self.address = f"10.{random.randint(80, 199)}.{random.randint(0, 254)}.1"
        self.rclone = os.environ.get("PIXCHEESE_RCLONE") or shutil.which("rclone") or os.path.join(
            ROOT, ".venv-test", "bin", "rclone")
        if not os.access(self.rclone, os.X_OK):
            self.rclone = None
        self.albums = 0
        self.copies = 0
        self.photos = self.make_photos()

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
        self.port = free_port()
        data = self.bench.new_folder("server")
        self.server = Program(
            [self.bench.program("pixcheese"), "serve", "--home", data, "--json", "--listen", f"0.0.0.0:{self.port}",
             "--data", data, "--public-url", f"http://{self.address}:{self.port}"], data)
        self.server.wait(1, event="server.ready")
        with open(os.path.join(data, "admin-token")) as file:
            self.token = file.read().strip()
        self.store = None
        if self.rclone:
            self.store_port = free_port()
            self.store_folder = self.bench.new_folder("store")
            self.store = subprocess.Popen(
                [self.rclone, "serve", "webdav", self.store_folder, "--addr", f"0.0.0.0:{self.store_port}",
                 "--config", "/dev/null"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_for_port(self.store_port)
        return self

    def __exit__(self, *_):
        self.server.stop()
        if self.store:
            self.store.terminate()
            self.store.wait()

    def album(self):
        """A new album: its page, and what lets a program in."""
        self.albums += 1
        home = self.bench.new_folder("owner")
        done = subprocess.run(
            [self.bench.program("pixcheese"), "album", "create", f"bench {self.albums}", "--server",
             f"http://127.0.0.1:{self.port}", "--home", home, "--json"],
            env={**os.environ, "PIXCHEESE_TOKEN": self.token}, check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def frames(self, album):
        slug = album["url"].rpartition("/")[2]
        address = f"http://127.0.0.1:{self.port}/api/v1/albums/{slug}/frames?limit=200"
        with urllib.request.urlopen(address) as answer:
            return json.load(answer)["frames"]

    def badnet(self, link, command, **environment):
        """Runs a command over a link: how long it took, and the bytes that went up."""
        start = time.time()
        done = subprocess.run(
            [BADNET, *link, "--server", self.address, "--report", "--", *command],
            env={**os.environ, "SWIFT_BACKTRACE": "enable=no", **environment}, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        words = done.stderr.decode(errors="replace")
        if done.returncode:
            raise BenchError(f"{command[0]} ended with {done.returncode}\n{words[-1500:]}")
        wire = re.search(r"up \d+ packets, (\d+) bytes", words)
        return {"seconds": time.time() - start, "began": start, "wire": int(wire.group(1)) if wire else None}

    def upload(self, link, files, watch=None, congestion="bbr"):
        """Ours: `pixcheese upload` into a new album; every byte is compared.

        With `watch` guests' renditions go as well; without it the originals alone, as with the others.
        """
        album = self.album()
        home = self.bench.new_folder("uploader")
        if watch:
            watch.begin(self, album)
        figures = self.badnet(
            link,
            [self.bench.program("pixcheese"), "upload", *files, "--album",
             album["url"] if watch else "tus+" + album["upload_url"], "--home", home, "--json", "--patience", "120"],
            PIXCHEESE_TOKEN=album["token"], PIXCHEESE_CONGESTION_CONTROL="bbr" if congestion == "bbr" else "system")
        frames = self.frames(album)
        wanted = sorted(digest(path) for path in files)
        if sorted(frame["frame"] for frame in frames if frame["original"]) != wanted:
            raise BenchError(f"{len(frames)} frames in the album, {len(wanted)} were sent")
        return figures

    def copy(self, link, files):
        """`rclone copy --transfers 4`."""
        # Its server remembers what was in a folder: each copy gets one of its own.
        self.copies += 1
        return self.badnet(
            link,
            [self.rclone, "copy", os.path.dirname(files[0]), f":webdav:copy-{self.copies}", "--transfers", "4", "--config", "/dev/null",
             "--webdav-url", f"http://{self.address}:{self.store_port}",
             *(word for path in files for word in ("--include", os.path.basename(path)))])

    def put(self, link, files):
        """One `curl -T` for each file, one after the other over one connection."""
        return self.badnet(
            link,
            ["curl", "--silent", "--fail", "--output", "/dev/null", "-T", "{" + ",".join(files) + "}",
             f"http://{self.address}:{self.store_port}/"])


class Watch:
    """A guest, who notes when the first preview is there."""

    def begin(self, ground, album):
        self.seen = threading.Event()
        self.ground, self.album = ground, album
        threading.Thread(target=self.look, daemon=True).start()

    def look(self):
        while True:
            if any(frame["preview"] for frame in self.ground.frames(self.album)):
                self.at = time.time()
                self.seen.set()
                return
            time.sleep(0.02)


def wait_for_port(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise BenchError(f"nobody listens at port {port}")


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def goodput(figures, files):
    """Megabits of originals a second."""
    return sum(os.path.getsize(path) for path in files) * 8 / figures["seconds"] / 1e6


def beside(ground, link, files, congestion):
    """Ours and the others', in turn on one link."""
    link = [*link, "--congestion", congestion]
    figures = {"pixcheese": ground.upload(link, files, congestion=congestion)}
    if ground.store:
        figures["rclone copy --transfers 4"] = ground.copy(link, files)
        figures["curl -T"] = ground.put(link, files)
    payload = sum(os.path.getsize(path) for path in files)
    for figure in figures.values():
        figure["mbit"] = goodput(figure, files)
        figure["overhead"] = figure["wire"] / payload
    return figures


def first(bench, ground):
    """Until the first frame can be viewed, at 2 Mbit/s and 80 ms."""
    frame = min(ground.photos, key=lambda path: abs(os.path.getsize(path) - 3.5e6))
    times = []
    for _ in range(bench.count(3, 1)):
        watch = Watch()
        began = ground.upload(VENUE, [frame], watch)["began"]
        times.append(watch.at - began)
    figures = {"pixcheese": statistics.median(times), "bytes": os.path.getsize(frame)}
    if ground.store:
        figures["rclone copy --transfers 4"] = ground.copy(VENUE, [frame])["seconds"]
        figures["curl -T"] = ground.put(VENUE, [frame])["seconds"]
    rows = [[name, f"{seconds:.2f} s"] for name, seconds in figures.items() if name != "bytes"]
    table(f"(e) Until a frame of {megabytes(figures['bytes'])} can be viewed, 2 Mbit/s and 80 ms (aim: 2 s)", ["", "time"], rows)
    return figures


def lossy(bench, ground):
    figures = {}
    rows = []
    files = ground.photos if not bench.quick else ground.photos[:3]
    for congestion, aim in (("reno", "2 × rclone"), ("bbr", "18 Mbit/s")):
        figures[congestion] = beside(ground, LOSSY, files, congestion)
        rows += lines(figures[congestion], congestion, aim)
    table(f"(e) {len(files)} camera JPEGs at 20 Mbit/s, 100 ms, 1 % loss", COLUMNS, rows)
    return figures


def fast(bench, ground):
    folder = bench.new_folder("large")
    files = []
    for number in range(bench.count(4, 2)):
        files.append(noise(os.path.join(folder, f"large-{number}.jpg"), ground.photos[0], 64 << 20))
    figures = beside(ground, FAST, files, "reno")
    table("(e) Large files at 200 Mbit/s, 10 ms", COLUMNS, lines(figures, "reno", "190 Mbit/s"))
    return figures


def memory(bench, ground):
    """The highest resident size while a file of 2 GB goes."""
    folder = bench.new_folder("huge")
    path = noise(os.path.join(folder, "huge.mov"), None, bench.count(2 << 30, 64 << 20))
    album = ground.album()
    home = bench.new_folder("uploader")
    with Program(
        [bench.program("pixcheese"), "upload", path, "--album", f"http://127.0.0.1:{ground.port}/a/" + album["url"].rpartition("/")[2],
         "--home", home, "--json"], home, PIXCHEESE_TOKEN=album["token"]) as program:
        highest = 0
        while program.reader.is_alive():
            try:
                with open(f"/proc/{program.process.pid}/status") as file:
                    highest = max([highest] + [int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM")])
            except OSError:
                break
            time.sleep(0.1)
    figures = {"bytes": os.path.getsize(path), "highest": highest}
    table("(e) Memory of upload", ["", "highest"], [[megabytes(figures["bytes"]), megabytes(highest)]])
    shutil.rmtree(folder)
    return figures


COLUMNS = ["", "time", "goodput", "on the wire", "aim"]
PARTS = {"first": first, "lossy": lossy, "fast": fast, "memory": memory}


def lines(figures, congestion, aim):
    return [
        [f"{name}, {congestion}", f"{figure['seconds']:.1f} s", f"{figure['mbit']:.1f} Mbit/s",
         f"{figure['overhead']:.3f} ×", aim if name == "pixcheese" else ""]
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
