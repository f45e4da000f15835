"""(c) The journal alone."""

from bench import seconds, table


def run(bench):
    frames = bench.count(100_000, 5_000)
    figures = {"frames": frames}
    figures["disk"] = bench.ask("disk", "--folder", bench.new_folder("disk"))
    figures["safe"] = bench.ask("safe", "--folder", bench.new_folder("safe"), "--frames", bench.count(500, 50))
    folder = bench.new_folder("season")
    bench.ask("fill", "--folder", folder, "--frames", frames)
    figures["open"] = bench.ask("open", "--folder", folder)
    show(figures)
    return figures


def show(figures):
    disk, safe, opened = figures["disk"], figures["safe"], figures["open"]
    table("(c) The journal", ["", "", "for scale"], [
        ["frames made safe (20 kB each)", f"{safe['safe_per_second']:.0f}/s",
         f"{1 / disk['growing_sync_median']:.0f} plain fdatasyncs/s of a file that grows"],
        ["  the journal's commit alone", f"{safe['commits_per_second']:.0f}/s",
         f"{1 / disk['sync_median']:.0f}/s of one that does not"],
        ["SHA-256", f"{disk['sha256_bytes_per_second'] / 1e6:.0f} MB/s", ""],
        [f"opening a journal of {figures['frames']:,} frames", seconds(opened["open"]), "aim: a blink"],
        ["  the first look for due deliveries", seconds(opened["first_due"]), ""],
        ["  reconciling it with the spool", seconds(opened["reconcile"]), ""],
        ["  counting what waits, by album", seconds(opened["backlogs"]), ""],
    ])
