#!/usr/bin/env python3
"""Training steps, predictions and memory beside PyTorch, in one run.

    bench/net_peers.py BUILD [--python PYTHON] [--rounds N] [--compile]

BUILD is a build folder with -Dbenchmarks=true; PYTHON an interpreter that has torch (a venv into which
`pip install torch` was done). Both sides take 2 threads, 32-bit floats, the same models and batches, SGD
with momentum; rounds of either alternate, and medians of the rounds' medians are printed. PyTorch runs in
the best of its ways: contiguous or channels-last, the fused optimiser, and for predictions eager, traced and
frozen, optimised for inference, with 1 or 2 threads; --compile tries torch.compile for all, which takes
minutes and a C++ compiler.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

MODELS = {"mlp": (1, 28, 28), "lenet": (1, 28, 28), "resnet20": (3, 32, 32)}
TASKS = [("mlp", 64, "train"), ("lenet", 64, "train"), ("resnet20", 64, "train"), ("resnet20", 128, "train"),
         ("mlp", 1, "predict"), ("lenet", 1, "predict"), ("resnet20", 1, "predict")]


def make(name):
    import torch.nn as nn

    def conv_norm(i, o, size, stride):
        return nn.Sequential(nn.Conv2d(i, o, size, stride, size // 2, bias=False), nn.BatchNorm2d(o))

    class Block(nn.Module):
        def __init__(self, i, o):
            super().__init__()
            self.one, self.two = conv_norm(i, o, 3, 1 if i == o else 2), conv_norm(o, o, 3, 1)
            self.short = nn.Identity() if i == o else conv_norm(i, o, 1, 2)
            self.relu = nn.ReLU(inplace=True)

        def forward(self, x):
            return self.relu(self.two(self.relu(self.one(x))) + self.short(x))

    if name == "mlp":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    if name == "lenet":
        return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5),
                             nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(),
                             nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    sides = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
    blocks = [Block(i, o) for i, o in zip(sides, sides[1:])]
    return nn.Sequential(conv_norm(3, 16, 3, 1), nn.ReLU(inplace=True), *blocks, nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Linear(64, 10))


def median_ms(run, seconds):
    for _ in range(5):
        run()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def trainer(torch, name, batch, layout, way):
    model = make(name).to(memory_format=layout)
    x = torch.randn(batch, *MODELS[name]).to(memory_format=layout)
    t = torch.randint(0, 10, (batch,))
    loss = torch.nn.CrossEntropyLoss()
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, **({"fused": True} if way != "plain" else {}))
    forward = torch.compile(model) if way == "compiled" else model

    def step():
        sgd.zero_grad(set_to_none=True)
        loss(forward(x), t).backward()
        sgd.step()

    return step


def predictor(torch, name, layout, way):
    model = make(name).eval().to(memory_format=layout)
    x = torch.randn(1, *MODELS[name]).to(memory_format=layout)
    if way in ("frozen", "optimised"):
        model = torch.jit.freeze(torch.jit.trace(model, x))
    if way == "optimised":
        model = torch.jit.optimize_for_inference(model)
    if way == "compiled":
        model = torch.compile(model)
    return lambda: model(x)


def peer(name, batch, what, only=None):
    """Runs in PYTHON: one line of JSON, the medians of each way."""
    import warnings
    import resource
    import torch
    warnings.filterwarnings("ignore")
    found = {}
    ways = ["plain", "fused"] if what == "train" else ["eager", "frozen", "optimised"]
    if os.environ.get("PEER_COMPILE"):
        ways.append("compiled")
    layouts = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}
    for threads in ([2] if what == "train" else [1, 2]):
        torch.set_num_threads(threads)
        for layout in layouts:
            for way in ways:
                key = f"{way}, {layout}, {threads} threads"
                if only and key != only:
                    continue
                try:
                    if what == "train":
                        found[key] = median_ms(trainer(torch, name, batch, layouts[layout], way), 1.5)
                    else:
                        with torch.inference_mode():
                            found[key] = median_ms(predictor(torch, name, layouts[layout], way), 0.3)
                except Exception as failure:  # a way that this build has not
                    print(f"{key}: {failure}"[:200], file=sys.stderr)
    print(json.dumps({"ways": found, "version": torch.__version__,
                      "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def ask_peer(python, task, only=None):
    arguments = [str(part) for part in task] + ([only] if only else [])
    out = subprocess.run([python, __file__, "--peer", *arguments], check=True, capture_output=True, text=True)
    return json.loads(out.stdout.splitlines()[-1])


def ask_ours(build, task):
    program = os.path.join(build, "bench", "bench_net")
    out = subprocess.run([program, *map(str, task), "2", "1.5"], check=True, capture_output=True, text=True)
    return [float(number) for number in out.stdout.split()]


def main():
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5] if len(sys.argv) > 5 else None)
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compile", action="store_true")
    o = parser.parse_args()
    if o.compile:
        os.environ["PEER_COMPILE"] = "1"
    print(f"{'':24} {'lantoa ms':>10} {'torch ms':>10} {'ratio':>6} {'MB':>6} {'MB':>6} {'share':>6}  torch's way")
    for task in TASKS:
        first = ask_peer(o.python, task)
        best = min(first["ways"], key=first["ways"].get)
        ours, theirs, memory = [], [], []
        for _ in range(o.rounds):
            ours.append(ask_ours(o.build, task))
            answer = ask_peer(o.python, task, best)
            theirs.append(answer["ways"][best])
            memory.append(answer["megabytes"])
        mine, torch_ms = statistics.median(r[0] for r in ours), statistics.median(theirs)
        peak, torch_peak = max(r[2] for r in ours), min(memory)
        print(f"{' '.join(map(str, task)):24} {mine:10.4f} {torch_ms:10.4f} {torch_ms / mine:6.2f} {peak:6.0f} "
              f"{torch_peak:6.0f} {peak / torch_peak:6.0%}  {best} ({first['version']})", flush=True)


if __name__ == "__main__":
    main()
