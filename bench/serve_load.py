#!/usr/bin/env python3
"""How many questions lantoa serve answers in a second: serve_load.py LANTOA HTTP_LOAD VAULT [CLIENTS [THREADS]]

Every note of the vault is asked for once, in random order, by CLIENTS (32) at the same time over kept connections: no
answer is kept yet. Then the same for 1000 notes again and again, whose answers are. Both programs have this machine's
processors to share. Also how long the server takes to start, without a cache and with one, and what memory it holds.
"""
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.parse

LANTOA, LOAD, VAULT = (os.path.abspath(p) for p in sys.argv[1:4])
CLIENTS = sys.argv[4] if len(sys.argv) > 4 else "32"
MORE = ["--threads", sys.argv[5]] if len(sys.argv) > 5 else []


def notes():
    found = []
    for folder, folders, files in os.walk(VAULT):
        folders[:] = [f for f in folders if not f.startswith(".")]
        found += [os.path.relpath(os.path.join(folder, f), VAULT) for f in files if f.endswith(".md") and not f.startswith(".")]
    return found


def start(env):
    began = time.monotonic()
    server = subprocess.Popen([LANTOA, "serve", "--port", "0", "--vault", VAULT, *MORE], env=env, stdout=subprocess.PIPE, text=True)
    url = urllib.parse.urlparse(server.stdout.readline().split()[-1])
    return server, str(url.port), url.fragment.removeprefix("token="), time.monotonic() - began


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS"))


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(name, server, port, token, paths):
    targets = "".join(f"/api/v1/related?note={urllib.parse.quote(p)}\n" for p in paths)
    before = cpu(server.pid)
    said = subprocess.run([LOAD, port, token, CLIENTS], input=targets, capture_output=True, text=True, check=True).stdout.split()
    n, seconds, failed = int(said[0]), float(said[1]), int(said[2])
    print(f"{name}: {n / seconds:.0f} a second, half within {said[3]} ms, 99 % within {said[4]} ms, all within {said[5]} ms; "
          f"{failed} of {len(paths)} failed; {(cpu(server.pid) - before) / len(paths) * 1e3:.3f} ms of the server's processors each; "
          f"it holds {resident(server.pid):.0f} MB", flush=True)


def main():
    with tempfile.TemporaryDirectory(prefix="lantoa-bench-") as home:
        env = {**os.environ, "HOME": home}
        for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            env.pop(name, None)
        server, _, _, first = start(env)
        server.terminate()
        server.wait()
        server, port, token, later = start(env)
        try:
            print(f"started within {first:.2f} s without a cache, {later:.3f} s with one; it holds {resident(server.pid):.0f} MB", flush=True)
            rng, all_notes = random.Random(1), notes()
            rng.shuffle(all_notes)
            load("each note once", server, port, token, all_notes)
            load("answers that are kept", server, port, token, all_notes[:1000] * 100)
        finally:
            server.kill()


main()
