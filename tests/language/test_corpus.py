"""Every bad input of the corpus gives exactly its expected message.

A case is a folder: its YAML files, and `expected.txt` with the whole message, places relative to the folder. A case
without a tenant.yaml gets a good one; one with environments is read with all of them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cxconfig.errors import InputErrors, SettingsError
from cxconfig.language import load
from cxconfig.language.folder import environments
from tests.language.fakes import REGISTRY, TENANT

CORPUS = Path(__file__).parents[1] / "corpus"
CASES = sorted(folder.name for folder in CORPUS.iterdir() if (folder / "expected.txt").is_file())


def message(case: Path, folder: Path) -> str:
    """What a reader of the case's files is told."""
    shutil.copytree(case, folder)
    if not (folder / "tenant.yaml").exists():
        (folder / "tenant.yaml").write_text(TENANT, encoding="utf-8")
    with pytest.raises((InputErrors, SettingsError)) as caught:
        load(folder, REGISTRY, environments(folder))
    return str(caught.value).replace(f"{folder}/", "") + "\n"


@pytest.mark.parametrize("case", CASES)
def test_a_bad_input_gives_its_expected_message(case: str, tmp_path: Path) -> None:
    """The message names the place, the rule and the way out, word for word."""
    assert message(CORPUS / case, tmp_path / "tenant") == (CORPUS / case / "expected.txt").read_text(encoding="utf-8")


def test_every_folder_of_the_corpus_is_a_case() -> None:
    """No case is left out for want of an expected message, and none holds a secret's text in it."""
    assert len(CASES) >= 60
    assert sorted(folder.name for folder in CORPUS.iterdir() if folder.is_dir()) == CASES
    assert not [case for case in CASES if "hunter2" in (CORPUS / case / "expected.txt").read_text(encoding="utf-8")]
