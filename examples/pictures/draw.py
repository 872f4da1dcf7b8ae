#!/usr/bin/env python3
"""Draws small pictures of four things, each a little otherwise: draw.py FOLDER [--each 400] [--seed 1]

Makes FOLDER/train/LABEL/*.png and FOLDER/test/LABEL/*.png, 32 x 32. They are what doodles.safetensors was
trained on:

    python3 draw.py /tmp/doodles && lantoa net train /tmp/doodles --model doodles.txt -o doodles.safetensors
"""
import argparse
import math
import os
import random
import struct
import zlib

SIDE, FINE = 32, 3  # FINE x FINE samples a pixel


def png(rows):
    raw = b"".join(b"\0" + bytes(v for pixel in row for v in pixel) for row in rows)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def shade(rng, colour, by=28):
    return tuple(min(255, max(0, c + rng.randint(-by, by))) for c in colour)


# Each gives a function of a place (x, y, about -1 .. 1) to a colour, or None for the background.
def coffee(rng):
    cup, drink, steam = shade(rng, (235, 230, 222)), shade(rng, (88, 54, 32), 14), shade(rng, (200, 200, 205))
    phase = rng.uniform(0, 6)

    def at(x, y):
        if -0.15 < y < -0.02 and abs(x) < 0.5:
            return drink
        if -0.15 < y < 0.6 and abs(x) < 0.6 - 0.2 * max(0, y):
            return cup
        if 0.18 < math.hypot(x - 0.62, y - 0.15) < 0.3 and x > 0.5:
            return cup
        if -0.75 < y < -0.25 and any(abs(x - s - 0.06 * math.sin(9 * y + phase)) < 0.05 for s in (-0.25, 0.0, 0.25)):
            return steam
        return None

    return at


def milk_tea(rng):
    tea, pearl, straw = shade(rng, (205, 165, 120)), shade(rng, (50, 30, 25), 12), shade(rng, (220, 80, 120), 40)
    pearls = [(rng.uniform(-0.25, 0.25), rng.uniform(0.35, 0.65)) for _ in range(9)]

    def at(x, y):
        if abs(x - 0.15 - 0.12 * y) < 0.06 and -0.95 < y < -0.3:
            return straw
        if -0.5 < y < 0.75 and abs(x) < 0.42 - 0.12 * (y + 0.5) / 1.25:
            return pearl if any(math.hypot(x - a, y - b) < 0.09 for a, b in pearls) else tea
        if -0.55 < y < -0.48 and abs(x) < 0.46:
            return (240, 240, 240)
        return None

    return at


def flan(rng):
    custard, caramel, plate = shade(rng, (245, 210, 110), 18), shade(rng, (130, 66, 24), 16), shade(rng, (225, 228, 235))

    def at(x, y):
        if -0.3 < y < -0.12 and abs(x) < 0.42 + 0.3 * (y + 0.3):
            return caramel
        if -0.12 < y < 0.35 and abs(x) < 0.46 + 0.25 * (y + 0.12):
            return caramel if abs(math.sin(7 * x)) > 0.9 and y < 0.1 else custard
        if 0.3 < y < 0.48 and abs(x) < 0.85 - 0.6 * (y - 0.3):
            return plate
        return None

    return at


def basketball(rng):
    ball, line = shade(rng, (225, 120, 45), 20), (40, 25, 20)
    turn = rng.uniform(0, math.pi)

    def at(x, y):
        if math.hypot(x, y) > 0.72:
            return None
        a = x * math.cos(turn) + y * math.sin(turn)
        b = y * math.cos(turn) - x * math.sin(turn)
        if abs(a) < 0.04 or abs(b) < 0.04 or abs(math.hypot(a - 0.95, b) - 0.6) < 0.04 or abs(math.hypot(a + 0.95, b) - 0.6) < 0.04:
            return line
        return ball

    return at


THINGS = {"cà phê": coffee, "trà sữa": milk_tea, "bánh flan": flan, "ném bóng rổ": basketball}


def draw(rng, thing):
    at = thing(rng)
    size, dx, dy, tilt = rng.uniform(0.75, 1.15), rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2), rng.uniform(-0.3, 0.3)
    ground = [rng.randint(40, 235) for _ in range(3)]
    slope = [rng.uniform(-30, 30) for _ in range(3)]
    rows = []
    for j in range(SIDE):
        row = []
        for i in range(SIDE):
            total = [0, 0, 0]
            for v in range(FINE):
                for u in range(FINE):
                    x = ((i + (u + 0.5) / FINE) / SIDE * 2 - 1 - dx) / size
                    y = ((j + (v + 0.5) / FINE) / SIDE * 2 - 1 - dy) / size
                    x, y = x * math.cos(tilt) + y * math.sin(tilt), y * math.cos(tilt) - x * math.sin(tilt)
                    c = at(x, y) or [g + s * y for g, s in zip(ground, slope)]
                    total = [t + w for t, w in zip(total, c)]
            row.append(tuple(int(min(255, max(0, t / FINE**2 + rng.gauss(0, 6)))) for t in total))
        rows.append(row)
    return png(rows)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("folder")
    ap.add_argument("--each", type=int, default=400)
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    rng = random.Random(a.seed)
    for label, thing in THINGS.items():
        for part, n in (("train", a.each), ("test", a.each // 8)):
            folder = os.path.join(a.folder, part, label)
            os.makedirs(folder, exist_ok=True)
            for i in range(n):
                with open(os.path.join(folder, f"{i:03}.png"), "wb") as f:
                    f.write(draw(rng, thing))


if __name__ == "__main__":
    main()
