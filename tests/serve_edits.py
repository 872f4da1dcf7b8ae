#!/usr/bin/env python3
"""A day of editing under lantoa serve, with the time between edits left out: serve_edits.py LANTOA [EDITS [VAULT]]

Notes are saved, made, renamed and removed at random, in folders that come and go. After each edit the server must tell
of it; at the end it must answer as a fresh index does, and hold no more memory than before.
"""
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

WORDS = "cà phê sữa đá buổi sáng nhân sự mưa bạn bè graph memory neuron spread activation weight coffee tea rain".split()


def sentence(rng, titles):
    words = [rng.choice(WORDS) for _ in range(rng.randint(5, 30))]
    for _ in range(rng.randint(0, 4)):
        words[rng.randrange(len(words))] = f"[[{rng.choice(titles)}]]"
    if rng.random() < 0.3:
        words.append(f"#{rng.choice(WORDS)}")
    return " ".join(words) + ".\n"


class Vault:
    def __init__(self, root, rng):
        self.root, self.rng = root, rng
        paths = (os.path.relpath(os.path.join(d, f), root) for d, _, names in os.walk(root) for f in names if f.endswith(".md"))
        self.paths = [p for p in paths if not any(part.startswith(".") for part in p.split(os.sep))]
        self.made = 0

    def titles(self):
        return [os.path.basename(p)[:-3] for p in self.paths]

    def write(self, path, how="w"):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        text = sentence(self.rng, self.titles() or ["x"])
        if self.rng.random() < 0.5 and how == "w":  # as editors do that never leave a half-written file
            with open(full + ".tmp~", "w", encoding="utf-8") as f:
                f.write(text)
            os.replace(full + ".tmp~", full)
        else:
            with open(full, how, encoding="utf-8") as f:
                f.write(text)

    def make(self):
        self.made += 1
        folder = self.rng.choice(["", "a/", "b/", f"new {self.made % 7}/", f"deep/{self.made % 5}/"])
        path = f"{folder}note {self.made} {self.rng.choice(WORDS)}.md"
        self.write(path)
        self.paths.append(path)

    def edit(self):
        kind = self.rng.random()
        if len(self.paths) < 20 or kind < 0.2:
            self.make()
        elif kind < 0.7:
            self.write(self.rng.choice(self.paths), self.rng.choice("wa"))
        elif kind < 0.85:
            old = self.paths.pop(self.rng.randrange(len(self.paths)))
            self.made += 1
            new = f"moved/{self.made}.md"
            os.makedirs(os.path.join(self.root, "moved"), exist_ok=True)
            os.rename(os.path.join(self.root, old), os.path.join(self.root, new))
            self.paths.append(new)
        else:
            os.remove(os.path.join(self.root, self.paths.pop(self.rng.randrange(len(self.paths)))))


def memory_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def ranking(answer):
    return [(r["path"], r["score"]) for r in answer["related"]]


def main():
    lantoa, edits = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60
    rng = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="lantoa-test-") as folder:
        root = os.path.join(folder, "vault")
        if len(sys.argv) > 3:
            shutil.copytree(sys.argv[3], root)
        os.makedirs(root, exist_ok=True)
        vault = Vault(root, rng)
        while len(vault.paths) < 50:
            vault.make()
        env = {**os.environ, "HOME": folder}
        for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            env.pop(name, None)
        server = subprocess.Popen([lantoa, "serve", "--port", "0", "--vault", root], env=env, stdout=subprocess.PIPE, text=True)
        try:
            url = urllib.parse.urlparse(server.stdout.readline().split()[-1])
            head = {"Authorization": "Bearer " + url.fragment.removeprefix("token=")}
            stream = http.client.HTTPConnection("127.0.0.1", url.port, timeout=60)
            stream.request("GET", "/api/v1/events", headers=head)
            told = stream.getresponse()
            asking = http.client.HTTPConnection("127.0.0.1", url.port, timeout=60)

            def ask(path):
                asking.request("GET", f"/api/v1/related?n=20&detail=bare&note={urllib.parse.quote(path)}", headers=head)
                r = asking.getresponse()
                data = r.read()
                assert r.status == 200, data
                return json.loads(data)

            early, slowest = 0, 0
            for i in range(edits):
                began = time.monotonic()
                vault.edit()
                while b"event: changed" not in told.fp.readline():
                    pass
                slowest = max(slowest, time.monotonic() - began)
                for path in rng.sample(vault.paths, 3):
                    ask(path)
                if i == edits // 5:
                    early = memory_of(server.pid)
            late = memory_of(server.pid)
            served = {p: ranking(ask(p)) for p in vault.paths}
        finally:
            server.kill()
        asked = "".join(p + "\n" for p in vault.paths)
        fresh = subprocess.run([lantoa, "related", "--stdin", "--json", "-n", "20", "--no-cache", "--vault", root], env=env, input=asked,
                               capture_output=True, text=True, check=True)
        for path, line in zip(vault.paths, fresh.stdout.splitlines(), strict=True):
            assert served[path] == ranking(json.loads(line)), path
        if edits >= 400:  # fewer tell nothing
            assert late <= 1.25 * early + 8192, f"memory grew from {early} to {late} kB"
        print(f"{edits} edits, {len(vault.paths)} notes: the same as a fresh index; an edit was told of after {slowest * 1e3:.0f} ms at most; "
              f"memory {early / 1024:.1f} MB early, {late / 1024:.1f} MB at the end")


main()
