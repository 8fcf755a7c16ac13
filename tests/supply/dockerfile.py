"""Reads a Dockerfile and a .dockerignore: the part of both languages that ours are written in.

Pure, and strict: what it does not know is an error, so that nothing in the files is passed over.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

WORDS = frozenset({"COPY", "RUN", "ENV", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"})


@dataclass(frozen=True)
class Instruction:
    """A word and what follows it, with lines joined."""

    word: str
    text: str


@dataclass(frozen=True)
class Stage:
    """What FROM begins; `name` is empty for one that is not named."""

    base: str
    name: str
    instructions: tuple[Instruction, ...]


def read_dockerfile(text: str) -> list[Stage]:
    """The stages in their order. Raises `ValueError` for an instruction that is none of `WORDS`."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for instruction in _instructions(text):
        word, words = instruction.word, instruction.text.split()
        if word == "ARG" and not stages:
            name, _, value = instruction.text.partition("=")
            arguments[name] = value
        elif word == "FROM":
            stages.append(Stage(substituted(words[0], arguments), words[2] if words[1:2] == ["AS"] else "", ()))
        elif word in WORDS and stages:
            last = stages[-1]
            stages[-1] = Stage(last.base, last.name, (*last.instructions, instruction))
        else:
            raise ValueError(f"{word} is not among the instructions that are known here")
    return stages


def _instructions(text: str) -> list[Instruction]:
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines).splitlines()
    return [Instruction(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined if line)]


def variables(text: str, known: Mapping[str, str]) -> dict[str, str]:
    """Of an ENV, each name with its value; earlier ones may stand in it."""
    pairs = (pair.partition("=") for pair in shlex.split(text))
    return {name: substituted(value, known) for name, _, value in pairs}


def substituted(text: str, known: Mapping[str, str]) -> str:
    """With every `$NAME` and `${NAME}` replaced. Raises KeyError for one that is not known."""
    return Template(text).substitute(known)


@dataclass(frozen=True)
class Ignoring:
    """A .dockerignore: the last pattern that a path, or a folder above it, matches decides."""

    patterns: tuple[tuple[bool, str], ...]

    @classmethod
    def read(cls, text: str) -> "Ignoring":
        lines = (line.strip() for line in text.splitlines())
        kept = [line for line in lines if line and not line.startswith("#")]
        return cls(tuple((not line.startswith("!"), line.removeprefix("!")) for line in kept))

    def excludes(self, path: str) -> bool:
        """Whether the file or folder stays out; `path` from the context's root, with slashes."""
        excluded = False
        for excludes, pattern in self.patterns:
            if any(_matches(pattern, above) for above in _with_folders(path)):
                excluded = excludes
        return excluded

    def excludes_all_below(self, folder: str) -> bool:
        """Whether the folder stays out, and no pattern brings back anything in it."""
        back = [pattern for excludes, pattern in self.patterns if not excludes]
        return self.excludes(folder) and not any(pattern.startswith(f"{folder}/") for pattern in back)


def _with_folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _matches(pattern: str, path: str) -> bool:
    expression = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.fullmatch(expression, path) is not None
