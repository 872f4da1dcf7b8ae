#!/usr/bin/env python3
"""Kills the indexer at random moments, and checks that the next answer is that of a fresh index.

usage: kill_index.py LANTOA ROUNDS [VAULT]

Each round changes some notes (text, links, new notes, notes gone), starts `lantoa index`, kills it with
SIGKILL after a random time, and compares `lantoa related --json` with the cache that is left to the same
without any cache. VAULT is copied; without it a vault of 300 notes is made up.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

WORDS = "cà phê sữa đá buổi sáng nhân sự graph memory neuron spread activation weight coffee tea".split()


def make_vault(root, rng, n=300):
    for i in range(n):
        write_note(root, f"note {i}", rng, n)


def write_note(root, name, rng, n):
    folder = os.path.join(root, f"folder {hash_of(name) % 7}")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + ".md"), "w", encoding="utf-8") as f:
        for _ in range(rng.randrange(3, 30)):
            f.write(" ".join(rng.choices(WORDS, k=12)) + f" [[note {rng.randrange(n)}]] #tag{rng.randrange(9)}\n")


def hash_of(text):
    return sum(ord(c) * (i + 1) for i, c in enumerate(text))


def notes(root):
    found = []
    for folder, subs, files in os.walk(root):
        subs[:] = sorted(s for s in subs if not s.startswith("."))
        found += [os.path.join(folder, f) for f in sorted(files) if f.endswith(".md")]
    return found


def change(root, rng):
    """One to forty notes; now and then a note comes or goes, which takes a new index."""
    all_notes = notes(root)
    for path in rng.sample(all_notes, rng.choice([1, 1, 2, 40])):
        with open(path, "a", encoding="utf-8") as f:
            f.write(f"\n{' '.join(rng.choices(WORDS, k=6))} [[note {rng.randrange(300)}]]\n")
    if rng.random() < 0.3:
        write_note(root, f"note {rng.randrange(1000)}", rng, 300)
    if rng.random() < 0.2 and len(all_notes) > 50:
        os.remove(rng.choice(notes(root)))


def ask(lantoa, root, env, names, *options):
    run = subprocess.run([lantoa, "related", "--stdin", "--json", "-n", "50", "--vault", root, *options],
                         input="".join(n + "\n" for n in names).encode(), stdout=subprocess.PIPE, env=env)
    if run.returncode not in (0, 1):
        sys.exit(f"lantoa related failed with {run.returncode}")
    return [[(r["path"], round(r["score"], 3)) for r in json.loads(line)["related"]]
            for line in run.stdout.decode("utf-8").splitlines()]


def same(a, b):
    """Equal scores may come in either order: sums of floats depend on their order in the sixth digit."""
    return [sorted(x, key=lambda r: (-r[1], r[0])) for x in a] == [sorted(x, key=lambda r: (-r[1], r[0])) for x in b]


def main():
    lantoa, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(1)
    work = tempfile.mkdtemp(prefix="lantoa-kill-")
    root = os.path.join(work, "vault")
    env = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"), XDG_DATA_HOME=os.path.join(work, "data"))
    if len(sys.argv) > 3:
        shutil.copytree(sys.argv[3], root)
    else:
        os.makedirs(root)
        make_vault(root, rng)
    started = time.time()
    subprocess.run([lantoa, "index", "--vault", root], env=env, stdout=subprocess.DEVNULL, check=True)
    whole = time.time() - started
    killed = 0
    for i in range(rounds):
        change(root, rng)
        p = subprocess.Popen([lantoa, "index", "--vault", root], env=env, stdout=subprocess.DEVNULL)
        try:
            p.wait(rng.random() * whole * 1.2)
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            p.wait()
            killed += 1
        names = [os.path.relpath(n, root) for n in rng.sample(notes(root), 5)]
        kept, fresh = ask(lantoa, root, env, names), ask(lantoa, root, env, names, "--no-cache")
        if not same(kept, fresh):
            for name, a, b in zip(names, kept, fresh):
                if a != b:
                    print(name, [x for x in a if x not in b][:5], [x for x in b if x not in a][:5])
            sys.exit(f"round {i}: the answer differs from that of a fresh index; see {work}")
        if not all(kept):
            sys.exit(f"round {i}: an empty answer; see {work}")
    shutil.rmtree(work)
    print(f"{rounds} rounds, {killed} killed, every answer that of a fresh index ({time.time() - started:.0f} s)")


if __name__ == "__main__":
    main()
