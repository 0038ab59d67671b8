"""The pure parts: lifetimes, names in paths, masking, and one function over many items."""

from __future__ import annotations

import json
import threading
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxconfig.errors import CxconfigError, Refused, UnexpectedAnswer
from providers.transport import ClientCredentials, Token, TokenRequest, segment
from providers.transport.answer import Answer
from providers.transport.hiding import masked
from providers.transport.threads import each, halted


@pytest.mark.parametrize("name", ["", ".", "..", "\ud800"])
def test_names_that_would_address_something_else(name: str) -> None:
    """`DELETE /user/..` must not be sent."""
    with pytest.raises(CxconfigError):
        segment(name)


def test_descriptions_of_credentials_hide_them() -> None:
    """They may end up in a log."""
    scheme = ClientCredentials("/token", "api", "s3cret")
    shown = repr([scheme, scheme.request(), Token("t0ken", 1), TokenRequest("GET", "/", headers={"k": "s3cret"})])
    assert "s3cret" not in shown and "t0ken" not in shown


def test_a_platform_token_has_no_scope() -> None:
    """The platform-level token is requested without one."""
    assert "scope" not in (ClientCredentials("/token", "api", "key").request().form or {})


@given(st.text(min_size=1), st.text(), st.text())
def test_no_secret_is_left(secret: str, before: str, after: str) -> None:
    """Wherever it stands, unless what stands in its place holds it."""
    left = masked(before + secret + after, [secret])
    assert secret not in left.replace("***", "") or set(secret) <= {"*"} or secret in before + after


@pytest.mark.parametrize("failing", [0, 7, 15])
def test_the_first_error_is_raised_wherever_it_stands(failing: int) -> None:
    """What has not begun does not begin; nothing in flight is left behind."""
    begun: list[int] = []
    ended: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        if number == failing:
            raise Refused("no", status=400)
        if number > failing:
            halted().wait(10)
        ended.append(number)

    with pytest.raises(Refused):
        each(work, range(1000), 4)
    assert sorted([*ended, failing]) == sorted(begun)
    assert len(begun) < 1000


def test_other_errors_are_not_lost() -> None:
    """They stand as notes at the first one."""
    gate = threading.Barrier(2)

    def work(number: int) -> None:
        gate.wait(10)
        raise ValueError(f"error {number}")

    with pytest.raises(ValueError, match="error") as caught:
        each(work, range(2), 2)
    texts = {str(caught.value), *(note.removeprefix("and another call: ") for note in caught.value.__notes__)}
    assert texts == {"error 0", "error 1"}


def test_even_the_end_of_the_program_is_handed_over() -> None:
    """A thread that is told to end the program does not end silently."""

    def work(number: int) -> None:
        raise SystemExit(number)

    with pytest.raises(SystemExit):
        each(work, range(2), 2)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the phone +15551234567 is taken", "the phone •••••67 is taken"),
        ('number "+1 (555) 123-4567"', 'number "•••••67"'),
        ("dup key: 16505555555", "dup key: •••••55"),
        ("phone 415.555.0199 taken", "phone •••••99 taken"),
        ("phone 415/555/0199 taken", "phone •••••99 taken"),
        ("phone 030/1234567 taken", "phone •••••67 taken"),
        ("phone 415\u2011555\u20110199 taken", "phone •••••99 taken"),
        ("phone 415 \u2013 555 \u2013 0199 taken", "phone •••••99 taken"),
        ("no user x/4155550199", "no user x/•••••99"),
        ("no phone -4155550199", "no phone -•••••99"),
        ("no phone 4155550199a", "no phone •••••99a"),
        ("no phone 415-555-0199x22", "no phone •••••99"),
        ("no phone 415-555-0199 ext. 22", "no phone •••••99"),
        ("no phone tel4155550199", "no phone tel•••••99"),
        ("phone 415     555 \t\n   0199 taken", "phone •••••99 taken"),
        ('{"error": "phone 415\\u2011555\\u20110199 taken"}', '{"error": "phone •••••99 taken"}'),
        ('{"phone": "030\\/1234567"}', '{"phone": "•••••67"}'),
        ("phone 06.12.34.56.78 and 20.12.34.56", "phone •••••78 and •••••56"),
        ("extension 1001 is taken", "extension 1001 is taken"),
        ("10.120.30.40 and 192.168.100.200 at 2026-11-23T14:25:36.123Z", None),
        ("on 28.10.2020 21:28:36, 28/10/2020 and 2020.10.28", None),
        ("request 7f3a-41555501-99c0 of req4155550199", None),
        ("commit 3f2504e04f8911d39a0c0305e82c3301 of 4155550199a3f", None),
        ("team 3f2504e0-4f89-11d3-9a0c-0305e82c3301", None),
        ("on 10/28/2020 21:28 at 127.0.0.1", "on 10/28/2020 21:28 at 127.0.0.1"),
        ("since 2026-11-23 14:25", "since 2026-11-23 14:25"),
        ("team F4ED90FA-5A49-4D76-9487-4E41B24CA45F", "team F4ED90FA-5A49-4D76-9487-4E41B24CA45F"),
    ],
)
def test_a_number_that_the_vendor_names_is_masked(text: str, shown: str | None) -> None:
    """Whatever could be somebody's phone number is cut to two digits; dates, ids and extensions stay readable."""
    assert Answer("onecloud", "PUT /x", 400, {}, text.encode()).said() == (text if shown is None else shown)


@pytest.mark.parametrize(
    "number", ["415-555-0199", "+1 (415)  555 0199", "415-555-0199x22", "0199-22", "jane's  sip", "030 / 12 34 56 7"]
)
def test_a_number_that_is_ours_is_hidden_however_it_is_spelt(number: str) -> None:
    """As it is, with single blanks, and with anything between its digits."""
    digits = "".join(char for char in number if char.isdigit())
    spelt = [number, " ".join(number.split()), quote(number), json.dumps(number)]
    if len(digits) >= 7:
        spelt += [digits, ".".join(digits), "\u2011".join(digits), f"a{digits}b", ", ".join(digits)]
    for text in spelt:
        said = Answer("onecloud", "PUT /x", 400, {}, f"id {text} is taken".encode()).said([number])
        assert "***" in said and not any(part in said for part in (digits[-4:], "sip") if part), said


@pytest.mark.parametrize("charset", ["ISO-8859-1", '"iso-8859-1"', "windows-1252"])
def test_json_in_another_charset(charset: str) -> None:
    """JSON is Unicode; what is not is read as it is declared."""
    headers = {"content-type": f"application/json; charset={charset}"}
    body = '{"name": "J\u00fcrgen \u00c9"}'
    for encoded in (body.encode("latin-1"), body.encode()):
        assert Answer("onecloud", "GET /x", 200, headers, encoded).json() == {"name": "J\u00fcrgen \u00c9"}


@pytest.mark.parametrize(
    "kind", ["application/json", "text/json; charset=utf-8", "text/json; charset=klingon", "charset=hex"]
)
def test_json_in_no_charset_is_none(kind: str) -> None:
    """Bytes of which nobody says what they are."""
    with pytest.raises(UnexpectedAnswer, match="not JSON"):
        Answer("onecloud", "GET /x", 200, {"content-type": kind}, b'{"name": "J\xfcrgen"}').json()
