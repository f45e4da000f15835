"""(f) From a camera's announcement to a frame that is safe, for each vendor: pixcheese against gphoto2; and (g) what a
tether with three cameras costs while nothing happens."""

import os
import shutil
import statistics
import time

from bench import BenchError, Camera, Program, seconds, table

VENDORS = ["generic", "nikon", "canon", "sony", "fuji"]
BYTES = 4_000_000
PICTURES = ["--scenes", 1, "--megabytes", BYTES // 1_000_000]
NOWHERE = "tus+http://127.0.0.1:9/nowhere"


def latency(bench):
    frames = bench.count(15, 2)
    figures = {}
    usual = bench.vendor
    try:
        for vendor in VENDORS:
            bench.vendor = vendor
            figures[vendor] = {"pixcheese": pixcheese(bench, frames), "gphoto2": gphoto2(bench, frames)}
    finally:
        bench.vendor = usual
    rows = []
    for vendor, each in figures.items():
        ours, theirs = each["pixcheese"], each["gphoto2"]
        rows.append(
            [vendor, seconds(statistics.median(ours)), seconds(max(ours)), seconds(statistics.median(theirs)), seconds(max(theirs)),
             f"{statistics.median(ours) / statistics.median(theirs):.2f}"])
    table(
        f"(f) Announcement to safe, {frames} frames of {BYTES // 1_000_000} MB one at a time (gphoto2: whole, not synced)",
        ["", "pixcheese", "worst", "gphoto2", "worst", "ratio (aim ≤ 1)"], rows)
    return figures


def pixcheese(bench, frames):
    home = bench.new_folder("home")
    times = []
    with Camera(bench, *PICTURES) as camera:
        with bench.tether(camera, home, "--album", NOWHERE) as program:
            for number in range(1 + frames):
                shot = camera.shoot()[0]
                safe = program.wait(1 + number, event="frame.safe")[-1]
                if safe["sha256"] != shot["sha256"]:
                    raise BenchError("the frame that is safe is not the one that the camera took")
                times.append(safe["arrived"] - shot["arrived"])
                time.sleep(0.2)
    shutil.rmtree(home)
    # The first pays for the first look into the folder, in both programs.
    return times[1:]


def gphoto2(bench, frames):
    folder = bench.new_folder("gphoto2")
    times = []
    with Camera(bench, *PICTURES) as camera:
        argv = ["gphoto2", "--camera", "PTP/IP Camera", "--port", f"ptpip:127.0.0.1:{camera.port}:{camera.port}",
                "--capture-tethered", "--keep", "--force-overwrite"]
        with Program(argv, folder, HOME=bench.new_folder("gphoto2-home")) as program:
            camera.wait_for_session()
            # What is taken while its driver starts is no news to it: the first that it fetches shows that it listens.
            end = time.monotonic() + 30
            while not whole(folder):
                if time.monotonic() > end:
                    raise BenchError(f"gphoto2 fetched nothing in 30 s\n{program.last_words()}")
                camera.shoot()
                time.sleep(1)
            for _ in range(frames):
                before = whole(folder)
                shot = camera.shoot()[0]
                end = time.monotonic() + 30
                while whole(folder) == before:
                    if time.monotonic() > end:
                        raise BenchError(f"gphoto2 did not fetch a frame in 30 s\n{program.last_words()}")
                    time.sleep(0.001)
                times.append(time.time() - shot["arrived"])
                time.sleep(0.2)
    shutil.rmtree(folder)
    return times


def whole(folder):
    """The whole files: a frame of a camera's memory comes under the same name again, as another file."""
    found = set()
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue
            if status.st_size == BYTES:
                found.add((entry.name, status.st_ino, status.st_mtime_ns))
    return found


def idle(bench):
    """Three cameras of different ways, connected and left alone."""
    span = bench.count(30, 3)
    home = bench.new_folder("home")
    usual = bench.vendor
    try:
        cameras = []
        for number, bench.vendor in enumerate(["generic", "nikon", "canon"]):
            cameras.append(Camera(bench, *PICTURES, "--serial", f"IDLE{number}"))
        more = [option for camera in cameras[1:] for option in ("--camera", f"ptpip:127.0.0.1:{camera.port}")]
        with bench.tether(cameras[0], home, "--album", "bench", *more) as program:
            program.wait(3, event="camera.connected")
            # After thirty quiet seconds cameras are asked least often.
            time.sleep(bench.count(33, 1))
            before, start = program.cpu(), time.time()
            time.sleep(span)
            after, wall = program.cpu(), time.time() - start
    finally:
        bench.vendor = usual
        for camera in cameras:
            camera.stop()
    shutil.rmtree(home)
    figures = {"parent": (after[0] - before[0]) / wall, "workers": (after[1] - before[1]) / wall, "seconds": wall}

    def percent(value):
        return f"{value * 100:.2f} %"

    table(
        f"(g) Processor time of an idle tether with three cameras, over {wall:.0f} s", ["", "of one core", "aim"], [
            ["all of it", percent(figures["parent"] + figures["workers"]), "< 1 %"],
            ["  tether and album", percent(figures["parent"]), ""],
            ["  the three cameras' processes", percent(figures["workers"]), ""],
        ])
    return figures
