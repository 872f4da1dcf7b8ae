#!/usr/bin/env python3
"""What learning from use adds: bench/opens.py BUILD VAULT OPENS.tsv[.gz]

BUILD is a build folder with -Dbenchmarks=true.

OPENS has a line an open: unix time, person, the note that was left, the note that was opened, with tabs between. The
first 80 % by time are told to the memory (lantoa import), then it learns (lantoa learn). For the last 20 % it is
asked what the left note calls to mind; MRR is the mean of 1 / rank of the note that was opened next. Prints it with
the weights that came with the program and no opens, with the opens, and after learning; and what each step takes.
"""
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time


def in_order(clicks):
    """Clicks as they follow from one another: each leaves the note that was opened last, or one before it."""
    rest, trail, ordered = sorted(clicks), [], []
    opened = {b for _, b in clicks}
    trail.append(min((a for a, _ in clicks if a not in opened), default=rest[0][0]))
    while rest:
        left = next((a for a in reversed(trail) if any(a == x for x, _ in rest)), rest[0][0])
        ahead = {a for a, _ in rest}
        click = min((c for c in rest if c[0] == left), key=lambda c: c[1] in ahead)  # first what was come back from
        rest.remove(click)
        ordered.append(click)
        trail += click
    return ordered


def read_opens(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as f:
        opens = [line.rstrip("\n").split("\t") for line in f]
    games = {}
    for time_, person, left, opened in sorted(opens, key=lambda o: int(o[0])):
        games.setdefault((int(time_), person), []).append((left, opened))
    return [(1000 * t + 10000 * i, left, opened)
            for (t, _), clicks in games.items() for i, (left, opened) in enumerate(in_order(clicks))]


def run(env, *command, **more):
    begun = time.time()
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True, **more)
    return done.stdout.decode(), time.time() - begun


def measure(lantoa, env, asked):
    """Mean reciprocal rank, hits among the first 10, and seconds for all questions."""
    notes = sorted({left for _, left, _ in asked})
    text, seconds = run(env, lantoa, "related", "--stdin", "--json", "-n", "200",
                        input="".join(f"{n}\n" for n in notes).encode())
    ranks = {}
    for note, line in zip(notes, text.splitlines()):
        ranks[note] = {r["path"]: i + 1 for i, r in enumerate(json.loads(line)["related"])}
    found = [ranks[left].get(opened, 0) for _, left, opened in asked]
    mrr = sum(1 / r for r in found if r) / len(found)
    return mrr, sum(0 < r <= 10 for r in found) / len(found), seconds


def exported(opens):
    """What lantoa import takes."""
    header = {"type": "lantoa-memory", "version": 1}
    events = [{"type": "opened", "at_ms": t, "note": opened, "from": left, "source": ""}
              for t, left, opened in opens]
    return "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in [header] + events)


def main():
    build, vault, opens = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), read_opens(sys.argv[3])
    lantoa = f"{build}/src/cli/lantoa"
    cut = len(opens) * 4 // 5
    learn, asked = opens[:cut], opens[cut:]
    with tempfile.TemporaryDirectory() as work:
        env = dict(os.environ, XDG_CACHE_HOME=f"{work}/cache", XDG_DATA_HOME=f"{work}/data", LANTOA_VAULT=vault)
        run(env, lantoa, "index", "-q")
        print(f"{len(learn)} opens to learn from, {len(asked)} to foresee")
        before = measure(lantoa, env, asked)
        print(f"no opens, shipped weights:  MRR {before[0]:.4f}  hits@10 {before[1]:.3f}  ({before[2]:.1f} s)")
        _, seconds = run(env, lantoa, "import", "-q", "-", input=exported(learn).encode())
        print(f"import: {seconds:.1f} s")
        after = measure(lantoa, env, asked)
        print(f"with opens:                 MRR {after[0]:.4f}  hits@10 {after[1]:.3f}  ({after[2]:.1f} s)")
        text, seconds = run(env, lantoa, "learn", "--json")
        print(f"learn: {seconds:.1f} s, {text.strip()}")
        learnt = measure(lantoa, env, asked)
        print(f"with opens, learnt weights: MRR {learnt[0]:.4f}  hits@10 {learnt[1]:.3f}  ({learnt[2]:.1f} s)")
        print(f"{learnt[0] / before[0]:.2f} times the MRR without them")
        run(env, lantoa, "import", "-q", "-", input=exported(asked).encode())
        text, seconds = run(env, f"{build}/bench/bench_opens", vault,
                            input="".join(f"{t}\t{a}\t{b}\n" for t, a, b in asked).encode())
        told = [float(x) for x in text.split()]
        print(f"told of each in turn:       MRR {told[0]:.4f}  hits@10 {told[1]:.3f}  ({seconds:.1f} s)")
        print(f"{told[0] / before[0]:.2f} times the MRR without opens")
        times = [run(env, lantoa, "opened", opened, "--from", left)[1] for _, left, opened in asked[:30]]
        print(f"one `opened` as a process: median {1000 * statistics.median(times):.1f} ms, "
              f"most {1000 * max(times):.1f} ms")


main()
