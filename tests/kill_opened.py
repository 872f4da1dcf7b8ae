#!/usr/bin/env python3
"""Kills `lantoa opened` and `lantoa learn` at random moments, and checks that every open that was acknowledged is there,
and that the weights are the old or the new ones whole.

usage: kill_opened.py LANTOA ROUNDS

In each round three processes record opens, one after the other each; one of them is killed with SIGKILL after a random time,
somewhere between its start and a little after its usual end. What ended with exit 0 must be in the history, exactly once;
what was killed may be there, whole, or not. Now and then an export is imported in between, and memory.db is read by
another process meanwhile. In every tenth round `lantoa learn` is killed, too: the weights must then be there as before, or new ones
that fit their checksum.
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

NOTES = 40


def start(lantoa, env, note, origin):
    return subprocess.Popen([lantoa, "opened", f"note {note}.md", "--from", f"note {origin}.md"], env=env,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def history(lantoa, env):
    run = subprocess.run([lantoa, "history", "--json", "-n", "1000000"], env=env, stdout=subprocess.PIPE)
    if run.returncode not in (0, 1):
        sys.exit(f"lantoa history failed with {run.returncode}")
    return [(e["note"], e["from"]) for e in json.loads(run.stdout)["history"]]


def kill_one(lantoa, env, rng, usual):
    """Three at a time, so that they meet; returns what was acknowledged, and what may be there."""
    pairs = [(rng.randrange(NOTES), rng.randrange(NOTES)) for _ in range(3)]
    others = [start(lantoa, env, *p) for p in pairs[1:]]
    victim = start(lantoa, env, *pairs[0])
    time.sleep(rng.random() * usual)
    killed = victim.poll() is None
    if killed:
        victim.send_signal(signal.SIGKILL)
    sure, maybe = [], []
    for process, pair in zip([victim] + others, pairs):
        told = process.communicate()[1].decode()
        if process.returncode == 0:
            sure.append(pair)
        elif process is victim and killed:
            maybe.append(pair)
        else:
            sys.exit(f"lantoa opened failed with {process.returncode}: {told}")
    return sure, maybe


def weights(lantoa, env):
    """What was learnt, as it is exported, which fails if it does not fit its checksum; None: nothing."""
    run = subprocess.run([lantoa, "export", "-"], env=env, stdout=subprocess.PIPE, check=True)
    found = [json.loads(line) for line in run.stdout.decode().splitlines() if '"type":"weights"' in line]
    return found[0]["data"] if found else None


def kill_learn(lantoa, env, rng, seed, usual):
    """Learning with a seed of its own gives other weights each time. Returns whether it was killed, and whether what
    is there now is new."""
    before = weights(lantoa, env)
    learn = subprocess.Popen([lantoa, "learn", "-q", "--seed", str(seed)], env=env, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    time.sleep(rng.random() * usual)
    killed = learn.poll() is None
    if killed:
        learn.send_signal(signal.SIGKILL)
    learn.wait()
    after = weights(lantoa, env)
    if after is None and before is not None:
        sys.exit("learnt weights are gone")
    return killed, after != before


def main():
    lantoa, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(1)
    work = tempfile.mkdtemp(prefix="lantoa-kill-")
    env = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"), XDG_DATA_HOME=os.path.join(work, "data"),
               LANTOA_VAULT=os.path.join(work, "vault"))
    os.makedirs(env["LANTOA_VAULT"])
    for i in range(NOTES):
        with open(os.path.join(env["LANTOA_VAULT"], f"note {i}.md"), "w", encoding="utf-8") as f:
            others = " ".join(f"[[note {(i * k + k) % NOTES}]]" for k in range(2, 7))
            f.write(f"Note {i} on subject {i % 7}. {others}\n")
    started = time.time()
    usual = []
    for _ in range(5):
        begun = time.time()
        start(lantoa, env, 0, 1).wait()
        usual.append(time.time() - begun)
    expected = {(f"note {0}.md", f"note {1}.md"): 5}
    killed = lost = learning_killed = learnt = 0
    begun = time.time()
    kill_learn(lantoa, env, rng, 0, 0)
    subprocess.run([lantoa, "learn", "-q"], env=env, stdout=subprocess.DEVNULL, check=True)
    usual_learn = time.time() - begun
    for i in range(rounds):
        sure, maybe = kill_one(lantoa, env, rng, sorted(usual)[2])
        killed += len(maybe)
        for note, origin in sure:
            key = (f"note {note}.md", f"note {origin}.md")
            expected[key] = expected.get(key, 0) + 1
        found = {}
        for pair in history(lantoa, env):
            found[pair] = found.get(pair, 0) + 1
        unsure = {(f"note {n}.md", f"note {o}.md") for n, o in maybe}
        for pair in set(expected) | set(found):
            more = found.get(pair, 0) - expected.get(pair, 0)
            if more == 0 or (more == 1 and pair in unsure):
                continue
            sys.exit(f"round {i}: {pair} is there {found.get(pair, 0)} times, not {expected.get(pair, 0)}; see {work}")
        lost += len(maybe) - sum(found.get(p, 0) - expected.get(p, 0) for p in unsure)
        expected = found
        if i % 10 == 5:
            was_killed, is_new = kill_learn(lantoa, env, rng, i + 1, 1.1 * usual_learn)
            learning_killed += was_killed
            learnt += is_new
        if i % 10 == 9:
            file = os.path.join(work, "export")
            for command in (["export", file], ["import", "-q", file]):
                subprocess.run([lantoa] + command, env=env, check=True)
    shutil.rmtree(work)
    print(f"{rounds} rounds, {killed} killed ({lost} before they were recorded), {sum(expected.values())} opens, "
          f"every acknowledged one there once; {learning_killed} times killed while learning, {learnt} new weights, always whole "
          f"({time.time() - started:.0f} s)")


if __name__ == "__main__":
    main()
