"""What a frame of each scene costs: CPU milliseconds of a thread, and frames a second by that. Judges nothing.

CPU time, not the clock: neighbours on the machine take the one and not the other. Laying the scene out comes once
per clip and is named apart. Run from the repository: `python -m benchmarks.bench_renderer [frames, default 8]`.
"""

import os

# before NumPy is imported: its FFT and matrix products must not use the other cores
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import sys
import time

import numpy as np

from local.renderer import THEMES, Brief
from local.renderer.canvas import Canvas
from local.renderer.painting.colour import develop, grain

SIZES = ((256, 256), (512, 512), (1280, 720))
SEED = 1


def cost(theme: str, variant: str, size: tuple[int, int], frames: int) -> tuple[float, float]:
    """CPU milliseconds to lay the scene out, and for one developed frame of it."""
    canvas, dither = Canvas(*size), grain(size[1], size[0])
    began = time.process_time()
    paint = THEMES[theme].variants[variant](canvas, np.random.default_rng(SEED), Brief())
    laid_out = time.process_time()
    for index in range(frames):
        develop(paint(index / frames), dither)
    done = time.process_time()
    return (laid_out - began) * 1000, (done - laid_out) * 1000 / frames


def main(frames: int) -> None:
    """Print a row per scene."""
    print(f"{'scene':<22}" + "".join(f"{f'{width}x{height}: scene, frame, fps':>34}" for width, height in SIZES))
    for theme in THEMES.values():
        for variant in theme.variants:
            costs = [cost(theme.name, variant, size, frames) for size in SIZES]
            cells = [f"{scene:.0f} ms, {frame:.0f} ms, {1000 / frame:.0f}" for scene, frame in costs]
            print(f"{theme.name + '/' + variant:<22}" + "".join(f"{cell:>34}" for cell in cells), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
