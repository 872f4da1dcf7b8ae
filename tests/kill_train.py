#!/usr/bin/env python3
"""Kills a training at random moments, resumes it, and checks that the model is that of one without kills.

usage: kill_train.py LANTOA ROUNDS

Each round trains with `lantoa net train --resume`, killed with SIGKILL after a random time again and again
until one run gets to its end; the model file must then equal that of an uninterrupted training byte for byte.
A round counts its kills; the number of threads alternates between one and two.
"""
import filecmp
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

SIDE, EXAMPLES, CLASSES = 12, 1200, 4


def write_idx(folder, rng):
    """Squares in one of the corners, in noise."""
    images, labels = bytearray(), bytearray()
    for _ in range(EXAMPLES):
        label = rng.randrange(CLASSES)
        picture = [rng.randrange(120) for _ in range(SIDE * SIDE)]
        for y in range(5):
            for x in range(5):
                picture[(y + (label // 2) * 6) * SIDE + x + (label % 2) * 6] += 100
        images += bytes(picture)
        labels.append(label)
    with open(os.path.join(folder, "train-images-idx3-ubyte"), "wb") as f:
        f.write(struct.pack(">IIII", 0x803, EXAMPLES, SIDE, SIDE) + images)
    with open(os.path.join(folder, "train-labels-idx1-ubyte"), "wb") as f:
        f.write(struct.pack(">II", 0x801, EXAMPLES) + labels)


def command(lantoa, folder, model, threads, *more):
    return [lantoa, "net", "train", folder, "--model", os.path.join(folder, "net.txt"), "-o", model, "--epochs", "6",
            "--batch", "32", "--rate", "0.01", "--checkpoint-every", "0.000001", "--threads", str(threads), "-q", *more]


DESCRIPTION = """c1 = conv2d(x, filters=8, padding=1, bias=0)
n1 = batch_norm(c1)
r1 = relu(n1)
c2 = conv2d(r1, filters=8, padding=1, bias=0)
n2 = batch_norm(c2)
s = add(n2, r1)
m = global_pool(s)
d = dropout(m, rate=0.1)
y = dense(d, units=classes)
"""


def main():
    lantoa, rounds = sys.argv[1], int(sys.argv[2])
    rng = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="lantoa-kill-") as folder:
        write_idx(folder, rng)
        with open(os.path.join(folder, "net.txt"), "w") as f:
            f.write(DESCRIPTION)
        whole, model = os.path.join(folder, "whole.safetensors"), os.path.join(folder, "killed.safetensors")
        started = time.monotonic()
        subprocess.run(command(lantoa, folder, whole, 1), check=True, stdout=subprocess.DEVNULL)
        takes = time.monotonic() - started
        kills = rounds_done = 0
        while kills < rounds:
            killed = 0
            while True:
                run = subprocess.Popen(command(lantoa, folder, model, 1 + (kills + killed) % 2, "--resume"),
                                       stdout=subprocess.DEVNULL)
                try:
                    code = run.wait(timeout=rng.uniform(0.01, takes * 0.4))
                except subprocess.TimeoutExpired:
                    run.send_signal(signal.SIGKILL)
                    run.wait()
                    killed += 1
                    continue
                if code != 0:
                    sys.exit(f"training ended with {code} after {killed} kills")
                break
            if not filecmp.cmp(whole, model, shallow=False):
                sys.exit(f"after {killed} kills the model is another one")
            if os.path.exists(model + ".checkpoint"):
                sys.exit("the checkpoint should be gone")
            os.remove(model)
            kills += killed
            rounds_done += 1
        print(f"{kills} kills in {rounds_done} trainings of {takes:.2f} s: every model equals that of an uninterrupted one")


main()
