#!/usr/bin/env python3
"""How many questions lantoa serve answers in a second: serve_load.py LANTOA HTTP_LOAD VAULT [CLIENTS [THREADS]]

Every note of the vault is asked for once, in random order, by CLIENTS (32) at the same time over kept connections: no
answer is kept yet. Then the same for 1000 notes again and again, whose answers are; and once more for notes that were
not, while others are saved, and how long it takes until the answers know. Both programs have this machine's processors to
share. Also how long the server takes to start, without a cache and with one, and what memory it holds.
Notes that the vault has Obsidian ignore count as failed.
"""
import http.client
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

LANTOA, LOAD, GIVEN = (os.path.abspath(p) for p in sys.argv[1:4])
CLIENTS = sys.argv[4] if len(sys.argv) > 4 else "32"
MORE = ["--threads", sys.argv[5]] if len(sys.argv) > 5 else []


def notes(vault):
    found = []
    for folder, folders, files in os.walk(vault):
        folders[:] = [f for f in folders if not f.startswith(".")]
        found += [os.path.relpath(os.path.join(folder, f), vault) for f in files if f.endswith(".md") and not f.startswith(".")]
    return found


def start(env, vault):
    began = time.monotonic()
    server = subprocess.Popen([LANTOA, "serve", "--port", "0", "--vault", vault, *MORE], env=env, stdout=subprocess.PIPE, text=True)
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
    before, own = cpu(server.pid), os.times()
    said = subprocess.run([LOAD, port, token, CLIENTS], input=targets, capture_output=True, text=True, check=True).stdout.split()
    n, seconds, failed, later = int(said[0]), float(said[1]), int(said[2]), os.times()
    clients = later.children_user + later.children_system - own.children_user - own.children_system
    print(f"{name}: {n / seconds:.0f} a second, half within {said[3]} ms, 99 % within {said[4]} ms, all within {said[5]} ms; "
          f"{failed} of {len(paths)} failed; each took {(cpu(server.pid) - before) / n * 1e3:.3f} ms of processors, and {clients / n * 1e3:.3f} ms of the clients'; "
          f"it holds {resident(server.pid):.0f} MB", flush=True)


class Editor(threading.Thread):
    """Saves a note, waits until the server tells of it, and asks; again and again."""

    def __init__(self, port, token, vault, paths):
        super().__init__(daemon=True)
        self.port, self.head, self.vault, self.paths = int(port), {"Authorization": f"Bearer {token}"}, vault, paths
        self.done, self.waited = False, []

    def run(self):
        stream = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        stream.request("GET", "/api/v1/events", headers=self.head)
        told = stream.getresponse()
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for i, path in enumerate(self.paths):
            if self.done:
                break
            began = time.monotonic()
            word = f"zq{i}xk"
            with open(os.path.join(self.vault, path), "a", encoding="utf-8") as f:
                f.write(f"\n{word}\n")
            while b"event: changed" not in told.fp.readline():
                pass
            c.request("GET", f"/api/v1/recall?detail=bare&q={word}", headers=self.head)
            assert b'"score"' in c.getresponse().read(), f"the word that was added to {path} is not found"
            self.waited.append(time.monotonic() - began)


def main():
    with tempfile.TemporaryDirectory(prefix="lantoa-bench-") as home:
        vault = os.path.join(home, "vault")
        shutil.copytree(GIVEN, vault, symlinks=True)
        env = {**os.environ, "HOME": home}
        for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            env.pop(name, None)
        server, _, _, first = start(env, vault)
        server.terminate()
        server.wait()
        server, port, token, later = start(env, vault)
        try:
            print(f"started within {first:.2f} s without a cache, {later:.3f} s with one; it holds {resident(server.pid):.0f} MB", flush=True)
            rng, all_notes = random.Random(1), notes(vault)
            rng.shuffle(all_notes)
            load("each note once", server, port, token, all_notes)
            load("answers that are kept", server, port, token, all_notes[:1000] * 100)
            editor = Editor(port, token, vault, all_notes[:20])
            editor.start()
            load("while notes are saved", server, port, token, all_notes[1000:] or all_notes)
            editor.done = True
            editor.join()
            print(f"{len(editor.waited)} changes, each in the answers after {statistics.median(editor.waited) * 1e3:.0f} ms (median), "
                  f"{max(editor.waited) * 1e3:.0f} ms at most")
        finally:
            server.kill()


main()
