"""(a) 100 frames of 25 MB from the camera onto the disk: pixcheese against gphoto2."""

import os
import shutil
import signal
import time

from bench import BenchError, Camera, Program, seconds, table

MEGABYTES = 25
# One drawing, with an EXIF head of its own for each frame: taking one costs the simulator little.
PICTURES = ["--scenes", 1, "--megabytes", MEGABYTES]
NOWHERE = "tus+http://127.0.0.1:9/nowhere"


def run(bench):
    """In turns, and a quarter of the frames at a time: what the machine does besides, and what fresh memory costs on a
    virtual one, then falls to both."""
    rounds, frames = bench.count((4, 25), (1, 4))
    figures = {"frames": rounds * frames, "bytes_each": MEGABYTES * 1_000_000, "gphoto2": [], "pixcheese": []}
    for number in range(rounds):
        for who in (gphoto2, pixcheese) if number % 2 == 0 else (pixcheese, gphoto2):
            figures[who.__name__].append(who(bench, frames))
    figures["all"] = everything(bench, bench.count(40, 2))
    show(figures)
    return figures


def total(rounds):
    return {key: sum(each[key] for each in rounds) for key in rounds[0]}


def held(program, camera, frames):
    """Lets the program sleep while the frames are taken, so that only the fetching of them is measured: they wait in
    the camera, all announced."""
    program.send(signal.SIGSTOP)
    shots = camera.shoot(frames)
    before = program.cpu()
    start = time.time()
    program.send(signal.SIGCONT)
    return shots, start, before


def used(program, before):
    after = program.cpu()
    return after[0] - before[0], after[1] - before[1]


def gphoto2(bench, frames):
    folder = bench.new_folder("gphoto2")
    with Camera(bench, *PICTURES) as camera:
        argv = ["gphoto2", "--camera", "PTP/IP Camera", "--port", f"ptpip:127.0.0.1:{camera.port}:{camera.port}",
                "--capture-tethered", "--keep"]
        with Program(argv, folder, HOME=bench.new_folder("gphoto2-home")) as program:
            camera.wait_for_session()
            camera.shoot()
            wait_for_files(program, folder, 1)
            shots, start, before = held(program, camera, frames)
            wait_for_files(program, folder, 1 + frames)
            wall, (cpu, _) = time.time() - start, used(program, before)
            sync(folder)
            synced = time.time() - start
    shutil.rmtree(folder)
    return {"wall": wall, "cpu": cpu, "wall_synced": synced}


def wait_for_files(program, folder, count):
    end = time.monotonic() + 300
    while time.monotonic() < end:
        with os.scandir(folder) as entries:
            if sum(is_whole(entry) for entry in entries) >= count:
                return
        if not program.reader.is_alive():
            raise BenchError(f"gphoto2 ended early\n{program.last_words()}")
        time.sleep(0.02)
    raise BenchError(f"gphoto2 did not fetch {count} frames in 300 s")


def is_whole(entry):
    try:
        return entry.stat().st_size == MEGABYTES * 1_000_000
    except FileNotFoundError:
        # It was just given its final name.
        return False


def sync(folder):
    for name in os.listdir(folder):
        descriptor = os.open(os.path.join(folder, name), os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def pixcheese(bench, frames):
    """Nothing answers at the album, and it would take originals only: what is left is the fetching."""
    with Camera(bench, *PICTURES) as camera:
        home = bench.new_folder("home")
        with bench.tether(camera, home, "--album", NOWHERE) as program:
            first = camera.shoot()
            program.wait(1, event="frame.safe")
            shots, start, before = held(program, camera, frames)
            safe = program.wait(1 + frames, event="frame.safe")
            wall, (parent, worker) = safe[-1]["arrived"] - start, used(program, before)
            check(first + shots, safe)
    shutil.rmtree(home)
    return {"wall": wall, "cpu": parent + worker, "cpu_parent": parent, "cpu_worker": worker}


def everything(bench, frames):
    """Pictures, renditions, and delivery into this machine's own album."""
    with Camera(bench, *PICTURES) as camera:
        home = bench.new_folder("home")
        with bench.tether(camera, home, "--album", "bench") as program:
            first = camera.shoot()
            program.wait(1, event="frame.delivered")
            shots, start, before = held(program, camera, frames)
            safe = program.wait(1 + frames, event="frame.safe")
            delivered = program.wait(1 + frames, event="frame.delivered")
            viewable = program.wait(1 + frames, event="frame.viewable")
            parent, worker = used(program, before)
            check(first + shots, safe)
            return {
                "frames": frames, "wall_safe": safe[-1]["arrived"] - start,
                "wall_viewable": viewable[-1]["arrived"] - start, "wall_delivered": delivered[-1]["arrived"] - start,
                "cpu": parent + worker, "cpu_parent": parent, "cpu_worker": worker,
            }


def check(shots, safe):
    if {shot["sha256"] for shot in shots} != {frame["sha256"] for frame in safe}:
        raise BenchError("the frames that are safe are not those that the camera took")


def show(figures):
    ours, theirs, everything = total(figures["pixcheese"]), total(figures["gphoto2"]), figures["all"]
    size = figures["frames"] * figures["bytes_each"] / 1e6

    def ratio(key):
        return f"{ours[key] / theirs[key]:.2f}"

    table(
        f"(a) Fetching {figures['frames']} frames of {MEGABYTES} MB", ["", "pixcheese", "gphoto2", "ratio", "aim"], [
            ["last frame there (ours: hashed and synced)", seconds(ours["wall"]), seconds(theirs["wall"]), ratio("wall"), "≤ 1"],
            ["  megabytes a second", f"{size / ours['wall']:.0f}", f"{size / theirs['wall']:.0f}", "", ""],
            ["  and its files synced after", "", seconds(theirs["wall_synced"]),
             f"{ours['wall'] / theirs['wall_synced']:.2f}", ""],
            ["processor time", seconds(ours["cpu"]), seconds(theirs["cpu"]), ratio("cpu"), "≤ 1"],
            ["  of the camera's process", seconds(ours["cpu_worker"]), "", "", ""],
            ["  of the other", seconds(ours["cpu_parent"]), "", "", ""],
            [f"with pictures and an album, {everything['frames']} frames: safe", seconds(everything["wall_safe"]), "", "", ""],
            ["  all viewable", seconds(everything["wall_viewable"]), "", "", ""],
            ["  all delivered", seconds(everything["wall_delivered"]), "", "", ""],
            ["  processor time (with the album server's)", seconds(everything["cpu"]), "", "", ""],
        ])
