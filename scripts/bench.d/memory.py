"""(d) Memory of `tether` over many frames; PIXCHEESE_BENCH_FRAMES says how many."""

import os

from bench import Camera, megabytes, table


def run(bench):
    total, burst = int(os.environ.get("PIXCHEESE_BENCH_FRAMES") or bench.count(2000, 40)), bench.count(50, 10)
    total = max(total // burst, 4) * burst
    marks = [total * quarter // 4 // burst * burst for quarter in range(1, 5)]
    home = bench.new_folder("home")
    samples = []
    with Camera(bench, "--scenes", 8, "--megabytes", 0.2) as camera:
        with bench.tether(camera, home, "--album", "bench") as program:
            for done in range(burst, total + 1, burst):
                shots = camera.shoot(burst)
                program.wait(done, event="frame.delivered")
                parent, worker = program.memory()
                samples.append({"frames": done, "parent": parent, "worker": worker})
    figures = {"samples": samples, "bytes_each": shots[0]["bytes"]}
    rows = [[f"after {sample['frames']} frames", megabytes(sample["parent"]), megabytes(sample["worker"])]
            for sample in samples if sample["frames"] in marks]
    rows.append(["highest after a burst", *(megabytes(max(s[key] for s in samples)) for key in ("parent", "worker"))])
    table(f"(d) Memory of tether, 12 megapixels of {megabytes(figures['bytes_each'])} each (aim: flat)", ["", "tether and album", "camera's process"], rows)
    return figures
