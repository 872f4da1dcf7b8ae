#!/usr/bin/env python3
"""Training steps, predictions and memory beside PyTorch, in one run.

    bench/net_peers.py BUILD [--python PYTHON] [--rounds N] [--compile] [--pictures IDX]

BUILD is a build folder with -Dbenchmarks=true; PYTHON an interpreter that has torch (a venv into which
`pip install torch` was done). Both sides take 2 threads, 32-bit floats, the same models and batches, SGD
with momentum; rounds of either alternate, and medians of the rounds' medians are printed. PyTorch runs in
the best of its ways: contiguous or channels-last, the fused optimiser, and for predictions eager, traced and
frozen, optimised for inference, with 1 or 2 threads; --compile tries torch.compile for all, which takes
minutes and a C++ compiler.

What is predicted are, one after the other, the same 64 examples for either: random numbers, none of them
0, and pictures of IDX (Debian's package dataset-fashion-mnist), normalised by their mean and standard deviation.
Lantoa does not read the weights of a picture's background, so that the two differ.
"""
import argparse
import array
import gzip
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

MODELS = {"mlp": (1, 28, 28), "lenet": (1, 28, 28), "resnet20": (3, 32, 32)}
EXAMPLES = 64
TASKS = [("mlp", 64, "train", ""), ("lenet", 64, "train", ""), ("resnet20", 64, "train", ""),
         ("resnet20", 128, "train", ""), ("mlp", 1, "predict", "random"), ("mlp", 1, "predict", "pictures"),
         ("lenet", 1, "predict", "random"), ("lenet", 1, "predict", "pictures"), ("resnet20", 1, "predict", "random")]


def random_examples(name):
    generator = random.Random(1)
    count = EXAMPLES * MODELS[name][0] * MODELS[name][1] * MODELS[name][2]
    return array.array("f", (generator.gauss(0, 1) for _ in range(count)))


def picture_examples(path):
    with (gzip.open(path) if path.endswith(".gz") else open(path, "rb")) as file:
        pixels = file.read(16 + EXAMPLES * 28 * 28)[16:]
    mean, deviation = statistics.fmean(pixels), statistics.pstdev(pixels)
    return array.array("f", ((pixel - mean) / deviation for pixel in pixels))


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


def predictor(torch, name, layout, way, path):
    with open(path, "rb") as file:
        x = torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(-1, 1, *MODELS[name])
    x = [one.to(memory_format=layout) for one in x.unbind()]
    model = make(name).eval().to(memory_format=layout)
    if way in ("frozen", "optimised"):
        model = torch.jit.freeze(torch.jit.trace(model, x[0]))
    if way == "optimised":
        model = torch.jit.optimize_for_inference(model)
    if way == "compiled":
        model = torch.compile(model)
    examples = itertools.cycle(x)
    return lambda: model(next(examples))


def peer(name, batch, what, path, only=None):
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
                            found[key] = median_ms(predictor(torch, name, layouts[layout], way, path), 0.3)
                except Exception as failure:  # a way that this build has not
                    print(f"{key}: {failure}"[:200], file=sys.stderr)
    print(json.dumps({"ways": found, "version": torch.__version__,
                      "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def ask_peer(python, task, path, only=None):
    arguments = [str(part) for part in task[:3]] + [path] + ([only] if only else [])
    out = subprocess.run([python, __file__, "--peer", *arguments], check=True, capture_output=True, text=True)
    return json.loads(out.stdout.splitlines()[-1])


def ask_ours(build, task, path):
    program = os.path.join(build, "bench", "bench_net")
    arguments = [*map(str, task[:3]), "2", "1.5"] + ([path] if path else [])
    out = subprocess.run([program, *arguments], check=True, capture_output=True, text=True)
    return [float(number) for number in out.stdout.split()]


def compare(o, task, path):
    first = ask_peer(o.python, task, path)
    best = min(first["ways"], key=first["ways"].get)
    ours, theirs, memory = [], [], []
    for _ in range(o.rounds):
        ours.append(ask_ours(o.build, task, path))
        answer = ask_peer(o.python, task, path, best)
        theirs.append(answer["ways"][best])
        memory.append(answer["megabytes"])
    mine, torch_ms = statistics.median(r[0] for r in ours), statistics.median(theirs)
    peak, torch_peak = max(r[2] for r in ours), min(memory)
    print(f"{' '.join(map(str, task)):26} {mine:10.4f} {torch_ms:10.4f} {torch_ms / mine:6.2f} {peak:6.0f} "
          f"{torch_peak:6.0f} {peak / torch_peak:6.0%}  {best} ({first['version']})", flush=True)


def main():
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5], sys.argv[6] if len(sys.argv) > 6 else None)
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--pictures", default="/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
    o = parser.parse_args()
    if o.compile:
        os.environ["PEER_COMPILE"] = "1"
    print(f"{'':26} {'lantoa ms':>10} {'torch ms':>10} {'ratio':>6} {'MB':>6} {'MB':>6} {'share':>6}  torch's way")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "examples")
        for task in TASKS:
            if task[3] == "pictures" and not os.path.exists(o.pictures):
                print(f"{' '.join(map(str, task)):26} needs {o.pictures}")
                continue
            if task[3]:
                examples = random_examples(task[0]) if task[3] == "random" else picture_examples(o.pictures)
                with open(path, "wb") as file:
                    examples.tofile(file)
            compare(o, task, path if task[3] else "")


if __name__ == "__main__":
    main()
