"""What identifies one person: valid addresses and numbers are found, what only looks like one is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from pipeline.moderation.personal_data import holds_personal_data
from pipeline.moderation.readings import visible

NONE = [
    "4111 1111 1111 1112",  # the check digit is wrong
    "4111 1111 1111",  # too short
    "9111 1111 1111 1114",  # adds up, and nobody issues such
    "978-0-306-40615-7",  # an ISBN
    "490154203237518",  # a phone's serial number, which adds up as cards do
    "3.141592653589793238",
    "20240229123000",
    "+1 555 0100",  # for films
    "+20 000 000",
    "+48.858370, +2.294481",
    "00:49:17",
    "0049",
    "GB29 NWBK 6016 1331 9268 18",  # the check digits are wrong
    "DE12 345",
    "ZZ82 1234 5678 9012 3456",  # no such country
    "000-12-3456",
    "666-12-3456",
    "123-45-67890",
    "me@home",
    "jane@example.com",
    "jane@mail.example.org",
    "jane@northpole.test",
    "@jane and @joe",
    "a@b.c",
    "1@2.3",
]
SOME = [
    "jane@mail.com",
    "Jane.Miller+whale@Mail.Co.Uk.",
    "<jane@mail.com>",
    "mailto:jane@mail.com",
    "jane[at]mail[dot]com",
    "jane (ät) web (punkt) de",
    "jane@bücher.de",
    "+442079460958",
    "+44 (0) 20 7946 0958",
    "+44.20.7946.0958",
    "+44–20–7946–0958",
    "00 44 20 7946 0958",
    "tel:+442079460958",
    "+٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨",
    "4111111111111111",
    "4111-1111-1111-1111",
    "2223003122003222",
    "6011 1111 1111 1117",
    "3566002020360505",
    "3056 930902 5904",
    "GB29NWBK60161331926819",
    "gb29 nwbk 6016 1331 9268 19",
    "NO93 8601 1117 947",
    "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
    "536-90-4399",
]


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_it_passes(text: str) -> None:
    """A check digit, a length, a country, a reserved name says that it is nobody's."""
    assert not holds_personal_data(visible(f"The owl said {text} and flew away."))


@pytest.mark.parametrize("text", SOME)
def test_what_is_somebodys_is_found(text: str) -> None:
    """In the middle of a sentence and alone."""
    assert holds_personal_data(visible(text))
    assert holds_personal_data(visible(f"The owl said {text} and 7 more in 2024."))


@given(st.from_regex(r"4[0-9]{14}", fullmatch=True), st.sampled_from(["", " ", "-"]))
def test_every_card_that_adds_up_is_found_and_no_other(digits: str, sign: str) -> None:
    """However its digits are grouped in fours."""
    card = digits + luhn.calc_check_digit(digits)
    wrong = digits + str((int(card[-1]) + 1) % 10)

    def printed(number: str) -> str:
        return sign.join(number[place : place + 4] for place in range(0, 16, 4))

    assert holds_personal_data(f"card {printed(card)}.")
    assert not holds_personal_data(f"card {printed(wrong)}.")


@given(st.text(st.sampled_from("0123456789+-. ()@aB"), max_size=120))
def test_no_row_of_digits_upsets_it(text: str) -> None:
    """It has an answer to each."""
    assert holds_personal_data(text) in {True, False}
