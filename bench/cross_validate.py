#!/usr/bin/env python3
"""How well links come back in vaults that the weights were not learnt on: cross_validate.py FOLDER [--build build]

FOLDER holds vaults, a folder each. For each vault weights are learnt on all others (tools/learn_shipped.c: its links are
hidden with other seeds than those here), and `lantoa eval` hides links of it and ranks with these weights, and with the
classic rankers. With --tune the vault itself is learnt from as well, as `lantoa learn` does; links are hidden in a copy
then, made by --scorer. With --scorer DIR the links are hidden, and answers are ranked, by hide_links.py and
score_links.py in DIR instead of by `lantoa eval`. Needs a build with -Dbenchmarks=true.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile


def run(command, env, **more):
    return subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def evaluate(lantoa, vault, weights, env):
    """MRR and hits@10 of Lantoa, and the MRR of the others by name."""
    lines = run([lantoa, "eval", "--json", "--vault", vault, "--weights", weights], env)
    by = {r["ranking"]: r for r in map(json.loads, lines.splitlines())}
    ours = by.pop("lantoa")
    return ours["mrr"], ours["hits10"], {name: r["mrr"] for name, r in by.items()}


def learns(tune, vault, env):
    """Learns from a vault; false: it has too little to learn from, or nothing better was found, and nothing was kept."""
    done = subprocess.run(tune + ["--vault", vault], env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(tune)} in {vault}: exit {done.returncode}")
    return done.returncode == 0 and '"kept":true' in done.stdout


def score(scorer, work, vault, weights, tune, ask, env):
    """The same by the scripts of a folder; `tune` runs in the copy first."""
    copy = os.path.join(work, os.path.basename(vault))
    run([sys.executable, f"{scorer}/hide_links.py", vault, copy, "--seed", "1"], env)
    learnt = tune and learns(tune, f"{copy}/vault", env)
    command = ask + ["--vault", "{vault}"] + ([] if learnt else ["--weights", weights])
    lines = run([sys.executable, f"{scorer}/score_links.py", copy, "--"] + command, env)
    found = re.search(r"mrr ([\d.]+).*hits@10 ([\d.]+)", lines)
    return float(found[1]), float(found[2])


def row(name, numbers, others):
    named = zip(["mrr", "hits@10", *others], numbers)
    return f"{name:<40}" + "".join(f" {what} {number:.3f}" for what, number in named)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("folder")
    ap.add_argument("--build", default="build")
    ap.add_argument("--scorer")
    ap.add_argument("--tune", action="store_true")
    a = ap.parse_args()
    if a.tune and not a.scorer:
        ap.error("--tune wants --scorer")
    vaults = sorted(e.path for e in os.scandir(a.folder) if e.is_dir() and not e.name.startswith("."))
    lantoa, learn = f"{a.build}/src/cli/lantoa", f"{a.build}/bench/learn_shipped"
    with tempfile.TemporaryDirectory() as work:
        env = dict(os.environ, XDG_CACHE_HOME=f"{work}/cache", XDG_DATA_HOME=f"{work}/data")
        run([learn, work, "--each"] + vaults, env)
        rows = []
        for vault in vaults:
            weights = os.path.join(work, os.path.basename(vault) + ".safetensors")
            mrr, hits, others = evaluate(lantoa, vault, weights, env)
            if a.scorer:
                ask = [lantoa, "related", "--stdin", "--json", "-n", "200"]
                tune = [lantoa, "learn", "-q", "--json", "--weights", weights] if a.tune else None
                mrr, hits = score(a.scorer, work, vault, weights, tune, ask, env)
            rows.append((mrr, hits, *others.values()))
            print(row(os.path.basename(vault), rows[-1], others), flush=True)
        means = [sum(column) / len(rows) for column in zip(*rows)]
        print(row(f"mean of {len(rows)}", means, others))


if __name__ == "__main__":
    main()
