#!/usr/bin/env python3
"""Indexing and asking as whole processes, beside what the disk and other tools do with the same bytes.

usage: index.py LANTOA VAULT [ROUNDS]

Works on a copy of the vault. Prints medians of: a cold index (and its peak memory), a question with nothing
changed, a question after one changed note, all as fresh processes; beside them `cat` and ripgrep over the same
files, and zk's index where zk is installed. The ratio to `cat` is the distance to the floor.
"""
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def run(command, env, **options):
    start = time.perf_counter()
    p = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(p.pid, 0)
    spent = time.perf_counter() - start
    if status not in (0, 256, 768):
        sys.exit(f"{command[0]} failed with {status}")
    return spent, usage.ru_maxrss / 1024


def table(name, seconds, floor=None, extra=""):
    median = statistics.median(seconds)
    ratio = f"  {median / floor:6.1f} x cat" if floor else ""
    print(f"{name:<34} {median * 1e3:9.1f} ms  ({min(seconds) * 1e3:.1f} .. {max(seconds) * 1e3:.1f}){ratio}{extra}")
    return median


def main():
    lantoa, vault = os.path.abspath(sys.argv[1]), sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    work = tempfile.mkdtemp(prefix="lantoa-bench-")
    root = os.path.join(work, "vault")
    shutil.copytree(vault, root)
    env = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"), XDG_DATA_HOME=os.path.join(work, "data"))
    notes = [os.path.join(d, f) for d, _, files in os.walk(root) for f in files if f.endswith(".md")]
    size = sum(os.path.getsize(n) for n in notes)
    print(f"{len(notes)} notes, {size / 1e6:.1f} MB")
    time.sleep(2.5)  # so that no time stamp is too young to be believed
    listing = os.path.join(work, "list")
    with open(listing, "wb") as f:
        f.write(b"\0".join(n.encode("utf-8", "surrogateescape") for n in notes))

    cat = [run(["sh", "-c", f"xargs -0 cat <'{listing}'"], env)[0] for _ in range(rounds)]
    floor = table("cat, all notes", cat)
    if shutil.which("rg"):
        table("ripgrep -c, all notes", [run(["rg", "-c", "spreading", root], env)[0] for _ in range(rounds)], floor)
    cold, peak = [], 0
    for _ in range(rounds):
        shutil.rmtree(env["XDG_CACHE_HOME"], ignore_errors=True)
        spent, memory = run([lantoa, "index", "--vault", root], env)
        cold.append(spent)
        peak = max(peak, memory)
    table("lantoa index, cold", cold, floor, f"  peak {peak:.0f} MB")
    rng = random.Random(1)
    ask = lambda: [lantoa, "related", os.path.relpath(rng.choice(notes), root), "--vault", root]
    table("lantoa related, nothing changed", [run(ask(), env)[0] for _ in range(4 * rounds)], floor)
    changed = []
    for i in range(4 * rounds):
        if i % 16 == 0:
            run([lantoa, "index", "--vault", root], env)
        with open(rng.choice(notes), "a", encoding="utf-8") as f:
            f.write("\nOne more line about spreading activation.\n")
        changed.append(run(ask(), env)[0])
    table("lantoa related, a note changed", changed, floor)
    if shutil.which("zk"):
        run(["zk", "init", "--no-input", root], env)
        table("zk index --force", [run(["zk", "index", "--force"], env, cwd=root)[0] for _ in range(rounds)], floor)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
