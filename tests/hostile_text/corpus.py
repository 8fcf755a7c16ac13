"""Strings that strangers may send, each made to be obeyed by something that should only keep or show it.

`STORABLE` is text that Postgres takes; `UNSTORABLE` has what it refuses (NUL, and halves of UTF-16 pairs, which no
UTF-8 can hold). What a string would leave where it was obeyed has the word `pwned` in it.
"""

import pytest

_TERMINAL = {
    "colour": "\x1b[31mred\x1b[0m",
    "clear_screen": "\x1b[2J\x1b[H",
    "line_above_erased": "fine\x1b[1A\x1b[2Kpwned",
    "title": "\x1b]0;pwned\x07",
    "link": "\x1b]8;;https://pwned.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cHduZWQ=\x07",
    "terminal_answers": "\x1b[6n\x1b[c\x1b]11;?\x07",
    "device_string": "\x1bP+q544e\x1b\\",
    "one_byte_csi": "\x9b31mpwned\x9b0m",
    "one_byte_osc": "\x9d0;pwned\x9c",
    "other_charset": "\x0e\x1b(0lqk\x0f",
    "carriage_return": "wanted\rpwned ",
    "backspaces": "good\b\b\b\bevil",
    "bell_and_tabs": "\x07\t\x0b\x0c",
    "delete": "abc\x7f\x7f\x7f",
    "rich_markup": "[red]pwned[/red] [bold",
    "rich_unopened": "[/b][/]",
    "rich_link": "[link=https://pwned.example]click[/link] :bomb:",
}
_LINES = {
    "log_record": "x\n2026-11-21 12:00:00,000 INFO functions.jobs: pwned",
    "next_line": "x\x85pwned: yes\u2028pwned: yes\u2029pwned",
    "header": "x\r\nSet-Cookie: pwned=1\r\n\r\n<html>pwned",
    "form_feed": "x\x0cpwned\x1cpwned\x1dpwned\x1epwned",
    "metric": 'x"} 1\nstoryreel_pwned{by="me',
}
_SCRIPT = {
    "script": "</script><script>document.title='pwned'</script>",
    "image": "<img src=x onerror=\"document.title='pwned'\">",
    "attribute": '"\' onmouseover="document.title=\'pwned\'" x="',
    "svg": "<svg/onload=document.title='pwned'>",
    "comment": "<!-- ]]> --> <![CDATA[ <?pwned?>",
    "template": "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "address": "javascript:document.title='pwned'//",
    "data_address": "data:text/html,<script>document.title='pwned'</script>",
}
_FORMAT = {
    "percent": "%s%s%s%n%x %(message)s %% %1$s %I %L",
    "braces": "{} {0} {0.__class__.__init__.__globals__} {task.description} {",
    "lookup": "${jndi:ldap://127.0.0.1:9/pwned}",
    "date": "%Y-%m-%d %H",
    "spreadsheet": "=cmd|' /C calc'!A0",
}
_QUERY = {
    "quote": "'; drop table storyreel.videos cascade; --",
    "double_quote": '"; drop schema storyreel cascade; --',
    "dollars": "$body$; drop schema storyreel cascade; $body$ $$ $1 $2",
    "backslash": "\\'; drop table storyreel.videos; -- \\",
    "like": "%_%\\%",
    "array": '{"a","b"} NULL {}',
    "row": '(1,"x",,)',
    "escape_string": "E'\\x41' U&'\\0041' \\x00",
    "json_end": '","shows":"final","pwned":"',
    "json_escapes": "\\u0000 \\ud800 \\n",
}
_PLACE = {
    "parents": "../../../../../../tmp/pwned",
    "escaped_parents": "%2e%2e%2f%2e%2e%2fpwned",
    "twice_escaped": "%252e%252e%252fpwned",
    "backslashes": "..\\..\\pwned",
    "absolute": "/etc/passwd",
    "dots": "..",
    "hidden": ".storyreel-pwned",
    "our_own_file": "renditions/clip.mp4~type",
    "device": "\\\\.\\CON",
    "file_address": "file:///etc/passwd",
    "query": "x?token=pwned#pwned;a=b&c=d",
    "other_host": "//pwned.example/@pwned.example:80",
}
_PROGRAM = {
    "substitution": "$(touch pwned) `touch pwned` ; touch pwned | touch pwned",
    "option": "--help",
    "ffmpeg_input": "-i concat:/etc/passwd|/dev/zero",
    "ffmpeg_filter": "drawtext=textfile=/etc/passwd:x=0',movie=pwned",
    "response_file": "@/etc/passwd",
}
_UNICODE = {
    "right_to_left": "invoice_\u202egnp.exe",
    "isolates": "\u2066\u2067\u2068x\u2069",
    "invisible": "a\u200bb\u2060c\ufeffd\u00ade\u180ef",
    "tags": "x\U000e0070\U000e0077\U000e006e\U000e0065\U000e0064",
    "towers": "z" + "\u0300\u0489\u036f" * 200,
    "no_characters": "\uffff\ufffe\U0010ffff\ue000",
    "families": "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 می‌خواهم",
    "wide_blanks": "a\u00a0b\u3000c\u2003d",
    "long_when_composed": "\ufdfa" * 300,
    "special_case": "İıſßŒﬃ",
}
_LONG = {
    "long": "long " * 4_500,
    "long_word": "a" * 3_000,
    "long_emoji": "💥" * 6_000,
    "brackets": "[" * 15_000,
    "line_ends": "\n" * 2_000 + "x",
}

STORABLE: dict[str, str] = {
    **_TERMINAL, **_LINES, **_SCRIPT, **_FORMAT, **_QUERY, **_PLACE, **_PROGRAM, **_UNICODE, **_LONG
}  # fmt: skip

UNSTORABLE: dict[str, str] = {
    "nul": "before\x00after",
    "nul_then_path": "clip.mp4\x00/../../pwned",
    "high_half": "half \ud800",
    "low_half": "\udfff half",
    "halves_reversed": "\udc00\ud800",
    "not_utf8": b"\xff\xfe\xc0\xaf".decode(errors="surrogateescape"),
}

SHORT: dict[str, str] = {name: text for name, text in STORABLE.items() if len(text) <= 200}
"""What an id may be: `generate-video` takes 200 characters."""

every_text = pytest.mark.parametrize("text", STORABLE.values(), ids=STORABLE)
every_unstorable = pytest.mark.parametrize("text", UNSTORABLE.values(), ids=UNSTORABLE)
every_short = pytest.mark.parametrize("text", SHORT.values(), ids=SHORT)
