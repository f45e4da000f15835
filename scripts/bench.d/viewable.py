"""(b) Shutter to viewable, one frame at a time, and which step takes what."""

import datetime
import json
import os
import statistics
import threading
import time
import urllib.parse
import urllib.request

from bench import BenchError, Camera, table

STEPS = ["announced to captured", "captured to safe", "safe to renditions written", "written to viewable"]


def run(bench):
    frames = bench.count(20, 2)
    figures = {}
    for megabytes, aim in ((4, 500), (25, 900)):
        figures[f"{megabytes} MB"] = {"aim": aim, **measure(bench, megabytes, frames)}
    show(figures)
    return figures


class Viewer:
    """A guest: reads the album's events, and notes when a frame has its preview."""

    def __init__(self, page):
        parts = urllib.parse.urlsplit(page)
        address = f"{parts.scheme}://{parts.netloc}/api/v1/albums/{parts.path.rpartition('/')[2]}/events"
        self.viewable = {}
        self.news = threading.Condition()
        self.stream = urllib.request.urlopen(urllib.request.Request(address, headers={"Accept": "text/event-stream"}))
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.stream:
            now = time.time()
            if line.startswith(b"data:"):
                frame = json.loads(line[5:])
                if isinstance(frame, dict) and frame.get("preview"):
                    with self.news:
                        self.viewable.setdefault(frame["frame"], now)
                        self.news.notify_all()

    def wait(self, frame):
        with self.news:
            if not self.news.wait_for(lambda: frame in self.viewable, 60):
                raise BenchError(f"the viewer did not see frame {frame} within 60 s")
            return self.viewable[frame]


def measure(bench, megabytes, frames):
    home = bench.new_folder("home")
    with Camera(bench, "--scenes", 4, "--megabytes", megabytes) as camera:
        with bench.tether(camera, home, "--album", "bench") as program:
            viewer = Viewer(program.wait(1, event="album.ready")[0]["url"])
            samples = []
            # The first is not counted: its scene is being drawn beside it, and caches are cold.
            for number in range(1 + frames):
                shot = camera.shoot()[0]
                program.wait(number + 1, event="frame.delivered")
                captured = program.wait(number + 1, event="frame.captured")[-1]
                samples.append(sample(shot, captured, program, viewer, home))
    samples = samples[1:]
    return {
        "frames": frames,
        "reported": spread([s["reported"] for s in samples]),
        "seen": spread([s["seen"] for s in samples]),
        "steps": {step: spread([s[step] for s in samples]) for step in STEPS},
    }


def sample(shot, captured, program, viewer, home):
    frame = shot["sha256"]
    announced = moment(shot["time"])
    safe = moment(program.wait(1, event="frame.safe", frame=frame)[0]["time"])
    viewable = program.wait(1, event="frame.viewable", frame=frame)[0]
    rendered = newest_rendition(home)
    ends = [announced, moment(captured["time"]), safe, rendered, moment(viewable["time"])]
    steps = {step: 1000 * (end - start) for step, start, end in zip(STEPS, ends, ends[1:])}
    return {"reported": viewable["milliseconds"], "seen": 1000 * (viewer.wait(frame) - announced), **steps}


def newest_rendition(home):
    newest = 0
    for folder, _, names in os.walk(os.path.join(home, "spool", "renditions")):
        newest = max([newest] + [os.path.getmtime(os.path.join(folder, name)) for name in names])
    return newest


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def spread(values):
    return {"median": statistics.median(values), "worst": max(values)}


def show(figures):
    rows = []
    for size, figure in figures.items():
        rows.append([f"{size}: seen by a viewer", *cells(figure["seen"]), f"< {figure['aim']} ms"])
        rows.append(["  as frame.viewable says", *cells(figure["reported"]), ""])
        rows += [["  " + step, *cells(spread_), ""] for step, spread_ in figure["steps"].items()]
    table("(b) Shutter to viewable, on loopback", ["", "median", "worst", "aim (median)"], rows)


def cells(spread_):
    return [f"{spread_['median']:.0f} ms", f"{spread_['worst']:.0f} ms"]
