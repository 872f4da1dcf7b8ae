#!/usr/bin/env python3
"""Models as ONNX files give what they give here: onnx.py LANTOA

Trains each preset, and nets of the kinds of layers that presets do not have, for some epochs, hardly moving, on a few drawn pictures,
exports it, and compares onnxruntime's probabilities with `lantoa net predict`. Exits 77 (skipped) where onnxruntime is
not installed.
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib

try:
    import numpy
    import onnxruntime
except ImportError:
    print("skipped: onnxruntime is not installed (pip install onnxruntime)")
    sys.exit(77)

SIDE = 32
OTHER_LAYERS = """
a = conv2d(x, filters=8, size=3, stride=2, padding=1, groups=1)
b = silu(a)
c = average_pool(b, size=2)
d = gelu(c)
e = sigmoid(c)
f = concat(d, e)
g = multiply(f, f)
h = reshape(g, a=16, b=64)
i = layer_norm(h)
j = dense(i, units=12)
k = tanh(j)
l = last(k)
m = dropout(l, rate=0.2)
logits = dense(m, units=classes)
"""
SEQUENCES = """
a = reshape(x, a=32, b=96)
b = gru(a, units=12)
c = attention(b, heads=3)
d = attention(c, heads=2, causal=1)
e = add(b, d)
f = last(e)
logits = dense(f, units=classes)
"""


def png(pixels):
    """An RGB picture: rows of rows of triples."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    raw = b"".join(b"\0" + bytes(v for p in row for v in p) for row in pixels)
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def draw(kind, dice):
    """Bright above, or bright on the left, and much noise."""
    return [[tuple(min(255, dice.randrange(120) + (120 if (y if kind else x) < SIDE // 2 else 0)) for _ in range(3))
             for x in range(SIDE)] for y in range(SIDE)]


def run(*args):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE).stdout


def worst_difference(lantoa, folder, model, pictures):
    path, onnx = f"{folder}/model.safetensors", f"{folder}/model.onnx"
    run(lantoa, "net", "train", f"{folder}/data", "--model", model, "--epochs", "10", "--batch", "8", "--rate", "1e-5",
        "--schedule", "constant", "-q", "-o", path)
    run(lantoa, "net", "export", path, "-o", onnx)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    classes = session.get_modelmeta().custom_metadata_map["classes"].split("\n")
    worst, spread = 0, 1
    for name, pixels in pictures[:8]:
        example = numpy.array(pixels, dtype=numpy.float32).transpose(2, 0, 1)[None] / 255
        theirs = dict(zip(classes, session.run(["probabilities"], {"example": example})[0][0]))
        ours = json.loads(run(lantoa, "net", "predict", path, name, "--json"))["labels"]
        assert len(ours) == len(classes) == 2
        spread = min(spread, *(label["probability"] for label in ours))
        worst = max(worst, *(abs(theirs[label["label"]] - label["probability"]) for label in ours))
    assert 1e-4 < spread < 0.4999, "probabilities that say nothing"
    return worst


def main():
    lantoa = os.path.abspath(sys.argv[1])
    dice = random.Random(3)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        pictures = []
        for i in range(32):
            kind = i % 2
            name = f"{folder}/data/{['left', 'above'][kind]}/{i}.png"
            os.makedirs(os.path.dirname(name), exist_ok=True)
            pictures.append((name, draw(kind, dice)))
            with open(name, "wb") as f:
                f.write(png(pictures[-1][1]))
        models = ["mlp", "lenet", "resnet20", "cnn"]
        for name, text in (("layers", OTHER_LAYERS), ("sequences", SEQUENCES)):
            models.append(f"{folder}/{name}.txt")
            with open(models[-1], "w", encoding="utf-8") as f:
                f.write(text)
        for model in models:
            worst = worst_difference(lantoa, folder, model, pictures)
            print(f"{os.path.basename(model):12} largest difference {worst:.1e}")
            failed |= not worst <= 1e-5
    sys.exit(failed)


main()
