"""`python -m tools.picture`: makes docs/preview.svg, the picture in the README, from a real preview.

The sample tenant is applied to a sandbox, then changed on both sides: by hand in the contact centre and in the YAML.
What `cxconfig preview` then writes on a terminal is the picture, colours and all. `--text` prints it instead.
"""

from __future__ import annotations

import html
import io
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tools.demo import ROOT, SandboxProcess, Unexpected, environment, run, sandbox

PICTURE = ROOT / "docs" / "preview.svg"
COMMAND = "cxconfig preview acme"
COLUMNS = 94
BY_HAND: tuple[tuple[str, str, Mapping[str, Any] | None], ...] = (
    ("PATCH", "crossi", {"team": "Support"}),
    ("PATCH", "lamiri", {"skills": {"English": 80, "Networks": 20}}),
    ("PATCH", "mpark", {"disabled": True}),
    ("DELETE", "gcosta", None),
)
EDITS = (
    ("people/billing.yaml", "skills: {English: 90, Invoices: 40}", "skills: {English: 90, Invoices: 70}"),
    (
        "people/support.yaml",
        "team: Support\n      skills: {English: 80, Networks: 40}",
        "team: Retention\n      skills: {English: 80, Offers: 40}",
    ),
)
TAKEN_OUT = ("people/sales.yaml", "    hmoreau:")
"""The last user of its file."""

THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [
        *((72, 79, 88), (255, 123, 114), (86, 211, 100), (227, 179, 65)),
        *((121, 192, 255), (210, 168, 255), (86, 212, 221), (201, 209, 217)),
    ],
)

SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
    <title>A preview by cxconfig</title>
    <style>
    .{unique_id}-matrix {{
        font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
        font-size: {char_height}px;
        line-height: {line_height}px;
        font-variant-east-asian: full-width;
    }}
    .{unique_id}-title {{
        font-size: 18px;
        font-weight: bold;
        font-family: ui-sans-serif, system-ui, "Helvetica Neue", Arial, sans-serif;
    }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
    </g>
</svg>
"""
"""rich's own form names fonts on remote hosts; this one takes what the reader's machine has."""


def preview() -> str:
    """What the command writes on a terminal; raises `Unexpected` when it does not end with exit code 2."""
    with tempfile.TemporaryDirectory(prefix="cxconfig-picture-") as name:
        folder = Path(name)
        shutil.copytree(ROOT / "examples" / "acme", folder / "acme", ignore=shutil.ignore_patterns(".*"))
        with sandbox(folder, ROOT / "examples" / "sandbox" / "acme.yaml", folder / "live.yaml") as box:
            env = environment(box.url) | {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
            env.pop("NO_COLOR", None)
            _expect("cxconfig up acme --yes", folder, env, 0)
            _drift(box)
            _edit(folder / "acme")
            return _expect(COMMAND, folder, env, 2)


def picture(shown: str) -> str:
    """Terminal output as SVG that needs nothing from anywhere else."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), legacy_windows=False)
    console.print(Text.assemble(("$ ", "bold"), (COMMAND, "bold")))
    console.print(Text.from_ansi(shown.rstrip("\n")))
    return _indented(console.export_svg(title="cxconfig", theme=THEME, code_format=SVG, unique_id="preview"))


def _indented(svg: str) -> str:
    """Leading blanks as a place to start at: not every program that draws SVG keeps them as text."""

    def moved(match: re.Match[str]) -> str:
        blanks, text = match["blanks"].count("&#160;"), match["text"]
        x, length = float(match["x"]), float(match["length"])
        shift = blanks * length / (blanks + len(html.unescape(text)))
        return f'x="{x + shift:.1f}" y="{match["y"]}" textLength="{length - shift:.1f}"{match["rest"]}>{text}</text>'

    place = r'x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="(?P<length>[\d.]+)"(?P<rest>[^>]*)>'
    return re.sub(place + r"(?P<blanks>(?:&#160;)+)(?P<text>[^<]+)</text>", moved, svg)


def _drift(box: SandboxProcess) -> None:
    for method, login, values in BY_HAND:
        box.change(method, login, values)


def _edit(tenant: Path) -> None:
    for name, before, after in EDITS:
        text = (tenant / name).read_text("utf-8")
        if before not in text:
            raise Unexpected(f"{name} of the sample tenant does not hold {before!r}")
        (tenant / name).write_text(text.replace(before, after, 1), "utf-8")
    name, start = TAKEN_OUT
    kept, found, _ = (tenant / name).read_text("utf-8").partition(start)
    if not found:
        raise Unexpected(f"{name} of the sample tenant does not hold {start!r}")
    (tenant / name).write_text(kept, "utf-8")


def _expect(command: str, folder: Path, env: Mapping[str, str], code: int) -> str:
    done = run(command, folder, env, terminal=True)
    if done.code != code:
        raise Unexpected(f"`{command}` ended with {done.code}, expected was {code}:\n{done.output}{done.errors}")
    return done.output


def main() -> int:
    try:
        shown = preview()
    except Unexpected as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if "--text" in sys.argv[1:]:
        sys.stdout.write(shown)
    else:
        PICTURE.write_text(picture(shown), "utf-8")
        sys.stdout.write(f"{PICTURE.relative_to(ROOT)} is new\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
