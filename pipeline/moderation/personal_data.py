"""Whether a text holds what identifies one person: addresses and numbers that are valid, not merely long. Pure.

Looked for are e-mail addresses, phone numbers in international form, payment cards, IBANs and US social security
numbers. Names, street addresses and phone numbers without a country code are not: a story may be full of them.
"""

import re
from itertools import accumulate
from string import ascii_uppercase

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@([\w.-]{1,255})")
_AT = re.compile(r" ?[(\[{] ?(?:at|ät|arroba|chiocciola) ?[)\]}] ?", re.IGNORECASE)
_DOT = re.compile(r" ?[(\[{] ?(?:dot|punkt|point|punto|ponto) ?[)\]}] ?", re.IGNORECASE)
_TOP_LEVEL = re.compile(r"[^\W\d_]{2,63}")
# What belongs to nobody, so that examples can be given: RFC 2606.
_RESERVED = frozenset({"example", "test", "invalid", "localhost"})
_EXAMPLES = frozenset({"example.com", "example.net", "example.org"})

_PHONE = re.compile(r"(?<![\d+])(?:\+|00) ?([1-9][\d ()./-]{6,24})")
_DIGITS = re.compile(r"\d+")

# As they are printed: in fours, as 4-6-5 or 4-6-4, or in one piece.
_CARD = re.compile(r"(?<![\d.,-])\d{4}(?:\d{9,15}|([ -])\d{4}\1\d{4}\1\d{1,7}|([ -])\d{6}\2\d{4,5})(?![\d-])")
# Visa; Mastercard, both ranges; American Express; Diners; JCB; Discover; UnionPay. By ISO/IEC 7812.
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|6(?:011|4[4-9]\d|5\d\d|2\d\d)\d{12,15}"
)

# Looked for at every place, for what looks like the beginning of one may stand in front of another.
_IBAN = re.compile(r"(?<![A-Z0-9])(?=([A-Z]{2}\d{2}[A-Z0-9 -]{11,42}))")
_AS_DIGITS = str.maketrans({letter: str(value) for value, letter in enumerate(ascii_uppercase, start=10)})
_IBAN_LENGTHS = range(15, 35)  # Norway's, and the longest that ISO 13616 allows

_SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")


def holds_personal_data(text: str) -> bool:
    """Whether any of that stands in the visible text."""
    return _has_email(text) or _has_phone(text) or _has_card(text) or _has_iban(text.upper()) or _has_ssn(text)


def _has_email(text: str) -> bool:
    plain = _DOT.sub(".", _AT.sub("@", text))
    return any(_is_somebodys(match[1].casefold().strip(".-")) for match in _EMAIL.finditer(plain))


def _is_somebodys(host: str) -> bool:
    labels = host.split(".")
    is_name = len(labels) > 1 and all(labels) and _TOP_LEVEL.fullmatch(labels[-1])
    return bool(is_name) and labels[-1] not in _RESERVED and ".".join(labels[-2:]) not in _EXAMPLES


def _has_phone(text: str) -> bool:
    found = [match[1] for match in _PHONE.finditer(text)]
    return any(_is_phone(digits[: group.end()]) for digits in found for group in _DIGITS.finditer(digits))


def _is_phone(digits: str) -> bool:
    import phonenumbers  # noqa: PLC0415 - a heavy import, for the few texts that need it

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def _has_card(text: str) -> bool:
    digits = [re.sub(r"[ -]", "", match.group()) for match in _CARD.finditer(text)]
    issued = [number for number in digits if _ISSUED.fullmatch(number)]
    if not issued:
        return False
    from stdnum import luhn  # noqa: PLC0415 - likewise

    return any(luhn.is_valid(number) for number in issued)


def _has_iban(text: str) -> bool:
    groups = (re.split(r"[ -]", match[1]) for match in _IBAN.finditer(text))
    numbers = (number for row in groups for number in accumulate(row) if len(number) in _IBAN_LENGTHS)
    found = [number for number in numbers if _adds_up(number)]
    if not found:
        return False
    from stdnum import iban  # noqa: PLC0415 - likewise

    return any(iban.is_valid(number) for number in found)


def _adds_up(number: str) -> bool:
    """Whether the two check digits fit: a quick look, before the rules of the country are asked. ISO 7064."""
    return int((number[4:] + number[:4]).translate(_AS_DIGITS)) % 97 == 1


def _has_ssn(text: str) -> bool:
    found = _SSN.findall(text)
    if not found:
        return False
    from stdnum.us import ssn  # noqa: PLC0415 - likewise

    return any(ssn.is_valid(number) for number in found)
