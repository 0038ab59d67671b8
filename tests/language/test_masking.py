"""No output about a mistake ever shows a secret, whatever is wrong and however the secret is written."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxconfig.errors import CxconfigError, InputError, InputErrors, Place
from cxconfig.language import load
from cxconfig.language.excerpts import attach
from cxconfig.language.masking import MOST_PARSED
from cxconfig.reports.document import errors_to_json
from cxconfig.reports.findings import of_error
from cxconfig.reports.github import commands
from cxconfig.reports.sarif import to_sarif
from cxconfig.reports.text import render_error
from tests.language.fakes import REGISTRY, TENANT, written

SECRET = "Zq9-hunter2_x"
PHONE = "+1 555 123 4567"
HEAD = "desk:\n  groups:\n    Sales: {}\n  agents:\n    ann:\n      first_name: Ann\n      group: Sales\n"
TAIL = "      skills: {English: 90}\n    bob: {first_name: Bob, shift: dawn}\n"
KEYS = ("password", "pasword", "Password", "PASS_WORD", "secret", "api_token", "apiKey", "pwd", "kennwort", "colour")
PLANTS = (
    *(f"      {key}: {SECRET}\n" for key in KEYS),
    *(f"      {key}: '{SECRET}'\n" for key in KEYS[:4]),
    *(f"    x: {{group: Sales, {key}: {SECRET}, first_name: Ann}}\n" for key in KEYS),
    *(f'    x: {{group: Sales, {key}: ["{SECRET}", b], first_name: Ann}}\n' for key in KEYS[:4]),
    *(f"      {key}: |\n        one\n        word: {SECRET}\n        three\n" for key in KEYS),
    *(f'      {key}: "one\n        {SECRET}\n        three"\n' for key in KEYS),
    *(f"      {key}: one\n        {SECRET}\n        three\n" for key in KEYS),
    *(f"      {key}: {{one: {SECRET}, {SECRET}: two}}\n" for key in KEYS[:4]),
    *(f"      {key}:\n      - one\n      - {SECRET}\n" for key in KEYS[:4]),
    *(f"      {key}: {mark}{SECRET}\n" for key in KEYS[:4] for mark in "!&*@%`"),
    *(f"      {key}{mark}{SECRET}\n" for key in KEYS[:4] for mark in (" ", ":", " = ", "=")),
    f"      first_name: Ann  # password: {SECRET}\n",
    f"      # password: {SECRET}\n",
    f"      first_name: &p {SECRET}\n      password: *p\n",
    f"      skills: {{password: {SECRET}}}\n",
    *(f"      {key}: {PHONE}\n" for key in ("phone", "Phone", "mobile", "first_name", "fax")),
)
TENANTS = (
    TENANT.replace("${env:DESK_SECRET}", SECRET),
    TENANT.replace("desk.example.com", f"ann:{SECRET}@desk.example.com"),
    TENANT.replace("https://desk.example.com", f"ann:{SECRET}@desk.example.com"),
    TENANT.replace("desk.example.com", f"desk.example.com/?token={SECRET}"),
    TENANT + f"    clientSecret: {SECRET}\n",
    TENANT + f"    key: {SECRET}\n",
    TENANT + f"state:\n  backend: s3://ann:{SECRET}@bucket\n",
    TENANT + f"state: {{backend: s3://bucket?awskey={SECRET}}}\n",
    TENANT + f"vars: {{A: {SECRET}, A: b}}\n",
)
LOUD = [plant for plant in PLANTS if "colour" not in plant and "&p" not in plant]
"""Plants under a name that announces a secret."""
KEPT = (
    SECRET,
    PHONE,
    *KEYS,
    "phone",
    "Phone",
    "mobile",
    "fax",
    "key",
    "Secret",
    "_secret",
    "token",
    "backend",
    "url",
    "://",
    "ann:",
    "@desk",
)
PIECES: tuple[str, ...] = (
    "\t",
    "\n",
    " ",
    ": ",
    ":",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "!",
    "|",
    ">",
    "'",
    '"',
    "#",
    "%",
    "@",
)
PIECES += ("---\n", "<<: ", "\x00", "${", "\\", "\u202e", "x", "王")


def outputs(error: CxconfigError) -> Iterator[str]:
    """Everything that any form of output would print."""
    yield str(error)
    yield "\n".join(render_error(error, colour=False, width=80))
    yield json.dumps(errors_to_json([error]), ensure_ascii=False)
    yield json.dumps(to_sarif(of_error(error), version="1", exit_code=1), ensure_ascii=False)
    yield "\n".join(commands(of_error(error)))


def mistakes(files: dict[str, str]) -> InputErrors | None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            load(written(Path(folder), {name: text.encode() for name, text in files.items()}), REGISTRY)
        except InputErrors as errors:
            return errors
    return None


def clean(error: CxconfigError | None) -> None:
    for output in outputs(error) if error else ():
        for secret in (SECRET, PHONE, "5551234567"):
            assert secret not in output, output


@pytest.mark.parametrize("plant", PLANTS)
def test_no_style_of_writing_shows_a_secret(plant: str) -> None:
    """With a mistake on another line and, where there is one, on its own."""
    clean(mistakes({"x.yaml": HEAD + plant + TAIL}))
    clean(mistakes({"x.yaml": "desk:\n  agents:\n    ann:\n" + plant}))


@pytest.mark.parametrize("tenant", TENANTS)
def test_no_setting_shows_a_secret(tenant: str) -> None:
    """Neither credentials, nor an address that holds some, nor a variable."""
    errors = mistakes({"tenant.yaml": tenant})
    assert errors is not None
    clean(errors)


def every_place(folder: Path, plant: str, more: str, step: int) -> None:
    (folder / "x.yaml").write_text(HEAD + plant + TAIL + more)
    lines = (HEAD + plant + TAIL).split("\n")
    places = [(number, column) for number, line in enumerate(lines, 1) for column in range(1, len(line) + 2, step)]
    errors = InputErrors(InputError("bad", place=Place(str(folder / "x.yaml"), *place)) for place in places)
    attach(errors, REGISTRY)
    assert any(error.excerpt for error in errors.errors)
    clean(errors)


@pytest.mark.parametrize("plant", PLANTS)
def test_no_line_shows_a_secret_wherever_the_mistake_is_said_to_be(plant: str, tmp_path: Path) -> None:
    """Every line, with the caret at columns all over it."""
    every_place(tmp_path, plant, "", 3)


@pytest.mark.parametrize("plant", PLANTS[::9])
def test_no_line_of_a_large_file_shows_a_secret(plant: str, tmp_path: Path) -> None:
    """One that is not parsed again."""
    every_place(tmp_path, plant, "# " + "x" * MOST_PARSED, 9)


@st.composite
def broken(draw: st.DrawFn) -> tuple[str, str]:
    """A tenant and a file with a secret in one of them, and mistakes around it; the name of the secret is kept."""
    plant = draw(st.sampled_from(LOUD))
    texts = [draw(st.sampled_from((TENANT, *TENANTS[:-1]))), HEAD + plant + TAIL]
    if draw(st.booleans()):
        texts[1] = texts[1].replace("\n", draw(st.sampled_from(("\r\n", "\r"))))
    for _ in range(draw(st.integers(1, 4))):
        which = draw(st.integers(0, 1))
        text = texts[which]
        at, cut = draw(st.integers(0, len(text))), draw(st.integers(0, 3))
        changed = text[:at] + draw(st.sampled_from(("", *PIECES))) + text[at + cut :]
        if all(changed.count(word) == text.count(word) for word in KEPT):
            texts[which] = changed
    return texts[0], texts[1]


@given(broken())
@settings(max_examples=300, deadline=None)
def test_no_mistake_shows_a_secret(texts: tuple[str, str]) -> None:
    """Random damage to documents that hold one."""
    clean(mistakes({"tenant.yaml": texts[0], "x.yaml": texts[1]}))
