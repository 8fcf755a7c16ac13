"""The clips that the provider gives in a run: a few are drawn, and each stands for many that differ by name only.

Different bytes make different originals, each with files of its own to be made and uploaded; drawing every one
would measure the renderer.
"""

from pathlib import Path

from local.renderer import render_clip

DRAWN = 4
SIDE = 256  # pixels; small clips are as good for finding what is lost


def make_clips(folder: Path, *, count: int) -> None:
    """Fill the folder with so many clips that the gate lets through; what is there stays."""
    folder.mkdir(exist_ok=True)
    contents: list[bytes] = []
    for number in range(count):
        file = folder / f"{number:05}.mp4"
        if number < DRAWN:
            if not file.exists():
                _draw(file, number)
            contents.append(file.read_bytes())
        elif not file.exists():
            file.write_bytes(contents[number % DRAWN] + _free_box(f"variant {number}".encode()))


def _draw(file: Path, seed: int) -> None:
    draft = file.with_suffix(".draft")
    text = "A paper boat sails down a river of stars"
    render_clip(draft, text=text, seed=seed, width=SIDE, height=SIDE, frames=12, fps=8.0, loop_frames=12)
    draft.rename(file)


def _free_box(content: bytes) -> bytes:
    """A box that players pass over (ISO/IEC 14496-12, 8.1.2)."""
    return (8 + len(content)).to_bytes(4) + b"free" + content
