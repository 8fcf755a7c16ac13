"""What makes text harmless, for every text that there is."""

import io
import json
import logging
import os.path
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.logs import LineFormatter
from cli.say import complain, report_fault, say, say_json
from cli.wording.amounts import table
from cli.wording.printable import json_line, printable
from pipeline.errors import BucketRefused
from pipeline.keys import original_path, rendition_key, rendition_path
from pipeline.prose import LONGEST, clean
from storage.buckets.keys import checked_path, checked_prefix, escaped, object_url
from tests.hostile_text.corpus import SHORT, UNSTORABLE
from tests.hostile_text.looks import ORDERS, assert_only_shown

ANY = st.one_of(
    st.text(st.characters()),  # of all code points, halves of pairs among them
    st.lists(st.sampled_from([*SHORT.values(), *UNSTORABLE.values()]), max_size=3).map("".join),
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
    max_leaves=8,
)


@given(ANY)
def test_printable_text_is_one_line_that_orders_nothing(text: str) -> None:
    """And encodes; a second time changes nothing."""
    shown = printable(text)

    assert not ORDERS.search(shown)
    assert shown.splitlines() in ([], [shown])
    assert shown.encode().decode() == shown
    assert printable(shown) == shown


@given(ANY)
def test_whoever_reads_printable_text_sees_what_was_escaped(text: str) -> None:
    """Nothing is left out: no two texts without a backslash look alike."""
    if "\\" not in text:
        assert printable(text).encode("latin-1", "backslashreplace").decode("unicode_escape") == text


@pytest.mark.parametrize("text", ["Ein Märchen, „schön“", "می‌خواهم", "👩‍👩‍👧‍👦", "昔　昔", "naïve\u00a0café"])
def test_text_of_any_script_stays_as_it_is(text: str) -> None:
    """With its joiners and its blanks of any width."""
    assert printable(text) == text
    assert text in json_line(text)


@given(ANY_JSON)
def test_a_line_of_json_says_the_same_to_programs_and_orders_nothing(value: object) -> None:
    """Halves of pairs too, which a terminal could not even be sent; two of them in a row are a whole one."""
    line = json_line(value)

    assert json.loads(line) == json.loads(json.dumps(value))
    assert not ORDERS.search(line)
    assert "\n" not in line
    line.encode()


@given(st.lists(st.tuples(ANY, ANY), min_size=1, max_size=4))
def test_a_table_has_a_line_for_each_row(rows: list[tuple[str, str]]) -> None:
    """In columns that are as wide as what is shown."""
    lines = table(("name", "value"), rows)

    assert len(lines) == 1 + len(rows)
    for line in lines:
        assert_only_shown(line)
        assert "\n" not in line


def printed(write: Callable[[], None]) -> tuple[str, str]:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as error:
        write()
    return out.getvalue(), error.getvalue()


@given(st.lists(ANY, max_size=4))
def test_what_is_said_has_as_many_lines_as_it_was_said_in(lines: list[str]) -> None:
    """On standard output and on standard error."""
    for out, other in (printed(lambda: say(*lines)), reversed(printed(lambda: complain(*lines)))):
        assert_only_shown(out)
        assert out.count("\n") == max(1, len(lines))
        assert other == ""


@given(ANY_JSON)
def test_json_is_said_in_one_line(value: object) -> None:
    """And nothing beside it."""
    out, error = printed(lambda: say_json(value))

    assert json.loads(out) == json.loads(json.dumps(value))
    assert (out.count("\n"), error) == (1, "")


def raised(text: str) -> KeyError:
    """An error with a stack trace; its text is shown as a repr, that of its cause as it is."""
    with pytest.raises(KeyError) as caught:
        raise KeyError(text) from ValueError(text)
    return caught.value


@given(ANY)
def test_the_stack_trace_of_a_fault_orders_nothing(text: str) -> None:
    """Whatever its message is made of."""

    error = raised(text)

    assert_only_shown(printed(lambda: report_fault(type(error), error, error.__traceback__))[1])


@given(ANY, ANY)
@example("x\n2026-11-21 12:00:00,000 INFO a: forged", "x\n2026-11-21 12:00:00,000 INFO a: forged")
def test_a_log_record_cannot_look_like_two(message: str, reason: str) -> None:
    """Only its first line begins at the beginning, whether its message or its trace has more."""
    error = raised(reason)
    trace = (type(error), error, error.__traceback__)
    record = logging.LogRecord("a.logger", logging.ERROR, __file__, 1, "said %s", (message,), trace)

    first, *further = LineFormatter().format(record).split("\n")

    assert first.startswith("20")
    assert " ERROR a.logger: said " in first
    assert all(line.startswith("  ") for line in further)
    for line in (first, *further):
        assert_only_shown(line)


@given(ANY)
def test_foreign_prose_becomes_one_short_line_that_any_row_takes(text: str) -> None:
    """Doing it twice changes nothing."""
    line = clean(text)

    assert line.isprintable()
    assert len(line) <= LONGEST
    line.encode()
    assert clean(line) == line


@given(ANY, ANY, ANY)
def test_object_keys_are_made_of_our_own_digests_alone(digest: str, kind: str, suffix: str) -> None:
    """Nothing else gets into one: a programming error is an error."""
    makers: list[Callable[[], str]] = [
        lambda: original_path(digest),
        lambda: rendition_path(digest, "video", ".mp4"),
        lambda: rendition_path("0" * 64, kind, ".mp4"),
        lambda: rendition_path("0" * 64, "video", suffix),
        lambda: rendition_key(original_sha256=digest, recipe="r1"),
    ]
    for make in makers:
        try:
            made = make()
        except ValueError:
            continue
        assert made.isascii()
        assert all(character.isalnum() or character in "/." for character in made)
        assert ".." not in made


@given(ANY)
@example("a/../b")
@example("../a")
@example("clip.mp4~type")
def test_a_path_that_can_be_stored_stays_inside_and_stands_in_a_url(path: str) -> None:
    """Whatever is not refused is inside the bucket's folder, and none of our own files beside it."""
    try:
        checked_path(path)
    except BucketRefused:
        return

    assert os.path.normpath(f"/bucket/{path}") == f"/bucket/{path}"
    assert "~" not in path
    assert unquote(escaped(path)) == path
    assert object_url("http://host/b", path).isascii()
    assert checked_prefix(path) == path
