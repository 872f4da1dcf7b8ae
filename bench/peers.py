#!/usr/bin/env python3
"""Personalised PageRank of lantoa's dense plan beside igraph, scikit-network and networkx, in one run.

usage: peers.py BENCH_SPREAD [SCALE EDGES]     default: 19 10e6

BENCH_SPREAD generates the graph, writes it for the others, and times itself (plan and run). Times are the best of
three, networkx's of one. Making the peers' graphs is not timed; what they make of them at each call is, as lantoa's
plan is. Errors are L1 distances to a reference that is iterated in double precision until nothing changes (scipy);
lantoa and the others are asked for a residual of 1e-10, PRPACK chooses its own. scikit-network takes dead ends for
another model: it loses what reaches them and scales up the rest; hence its error. networkx is left out above 3 million
edges: it needs 1 kB an edge. Needs numpy and scipy; peers that are not installed are left out.
"""
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy.sparse as sp

ALPHA = 0.85


def reference(p, cue):
    x = np.zeros(p.shape[0])
    x[cue] = 1
    dangling = np.asarray(p.sum(0)).ravel() == 0
    for _ in range(2000):
        y = ALPHA * (p @ x)
        y[cue] += 1 - ALPHA + ALPHA * x[dangling].sum()
        if np.abs(y - x).sum() < 1e-15:
            break
        x = y
    return y


def best_of(n, call):
    best = float("inf")
    for _ in range(n):
        start = time.perf_counter()
        x = call()
        best = min(best, time.perf_counter() - start)
    return best, x


def report(name, seconds, x, truth, ours):
    error = np.abs(np.asarray(x) - truth).sum()
    print(f"{name:<28} {seconds:9.3f} s  error {error:.1e}  {seconds / ours:7.1f} x lantoa", flush=True)


def main():
    bench, scale, edges = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "19", sys.argv[3] if len(sys.argv) > 3 else "10e6"
    with tempfile.TemporaryDirectory() as work:
        text = subprocess.run([bench, scale, edges, work + "/g"], stdout=subprocess.PIPE, check=True, text=True).stdout
        print(text, end="")
        raw = np.fromfile(work + "/g", dtype=np.uint32).reshape(-1, 3)
        lantoa = np.fromfile(work + "/g.ppr")
    number = lambda key: float(re.search(key + r" ([\d.]+)", text).group(1))
    cue = int(number("cue"))
    n = 1 << int(scale)
    a = sp.coo_matrix((raw[:, 2].copy().view(np.float32).astype(float), (raw[:, 0], raw[:, 1])), shape=(n, n)).tocsr()
    del raw
    out = np.asarray(a.sum(1)).ravel()
    p = (sp.diags(np.where(out > 0, 1 / np.maximum(out, 1e-300), 0)) @ a).T.tocsr()
    truth = reference(p, cue)
    ours = number("ppr_plan_s") + number("ppr_run_s")
    report("lantoa, plan and run", ours, lantoa, truth, ours)
    report("lantoa, a further run", number("ppr_run_s"), lantoa, truth, ours)
    coo = a.tocoo()
    try:
        import igraph
        g = igraph.Graph(n=n, edges=np.stack([coo.row, coo.col], 1), directed=True)
        g.es["weight"] = coo.data
        spent, x = best_of(3, lambda: g.personalized_pagerank(
            reset_vertices=[cue], damping=ALPHA, weights="weight", implementation="prpack"))
        report("igraph (PRPACK)", spent, x, truth, ours)
        del g
    except ImportError:
        print("igraph is not installed")
    try:
        from sknetwork.ranking import PageRank
        pagerank = PageRank(damping_factor=ALPHA, solver="piteration", n_iter=200, tol=1e-10)
        spent, x = best_of(3, lambda: pagerank.fit_predict(a, weights={cue: 1}))
        report("scikit-network (piteration)", spent, x, truth, ours)
    except ImportError:
        print("scikit-network is not installed")
    if a.nnz > 3e6:
        print("networkx is left out at this size")
        return
    try:
        import networkx as nx
        g = nx.DiGraph()
        g.add_nodes_from(range(n))
        g.add_weighted_edges_from(zip(coo.row.tolist(), coo.col.tolist(), coo.data.tolist()))
        spent, x = best_of(1, lambda: nx.pagerank(
            g, alpha=ALPHA, personalization={cue: 1}, tol=1e-10 / n, max_iter=1000))
        report("networkx", spent, [x[v] for v in range(n)], truth, ours)
    except ImportError:
        print("networkx is not installed")


if __name__ == "__main__":
    main()
