"""The handler that makes passwords: on paper before they are set, and nowhere else."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cxconfig.errors import ChangedSincePreview, CxconfigError, OutcomeUnknown, PermissionDenied, Refused
from cxconfig.handed_out import HandedOut, file_for
from cxconfig.kept_files import FileKeeper, KeptFiles
from cxconfig.kinds import Action, Desired, Difference, Handler, Keeper, Tick, Values, untold
from cxconfig.language.secrets import Generated
from providers.handing_out import HandingOut
from providers.registry import REGISTRY

KIND = REGISTRY["onecloud.users"]
DESIRED = Desired(KIND.id, "jdoe", {"first_name": "Jane"})
KEEPER = FileKeeper(KeptFiles(Path("nowhere"), "acme"), REGISTRY, KIND.id, "jdoe", "here")
NEW = {"password": Generated("${generate:16}")}


class Below(Handler):
    """Notes what it is asked for, and what the file holds at that moment."""

    def __init__(self, path: Path, error: CxconfigError | None = None) -> None:
        self.path = path
        self.error = error
        self.asked: list[str] = []
        self.sent: dict[str, str] = {}

    def _done(self, name: str, secrets: Mapping[str, str]) -> Values:
        self.asked.append(name)
        self.sent = dict(secrets)
        if isinstance(self.sent.get("password"), str) and self.path.exists():
            assert written(self.path) == [["jdoe", self.sent["password"]]], "it was written before the call"
        if self.error is not None:
            raise self.error
        return {}

    def observe(self, wanted: Mapping[str, Values], tick: Tick = untold) -> dict[str, Values | None]:
        self._done("observe", {})
        return {}

    def enumerate(self) -> Sequence[str] | None:
        self._done("enumerate", {})
        return ()

    def confirm_gone(self, keys: Sequence[str]) -> None:
        self._done("confirm_gone", {})

    def supporting(self) -> Mapping[str, Any]:
        return self._done("supporting", {})

    def create(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        return self._done("create", secrets)

    def update(
        self, desired: Desired, live: Values, differences: Sequence[Difference], secrets: Mapping[str, str]
    ) -> Values:
        return self._done("update", secrets)

    def rename(
        self, was: str, desired: Desired, live: Values, differences: Sequence[Difference], secrets: Mapping[str, str]
    ) -> Values:
        return self._done("rename", secrets)

    def replace(
        self,
        desired: Desired,
        live: Values,
        differences: Sequence[Difference],
        secrets: Mapping[str, str],
        keeper: Keeper,
    ) -> Values:
        assert keeper is KEEPER
        return self._done("replace", secrets)

    def recreate(self, desired: Desired, carried: Values, secrets: Mapping[str, str], keeper: Keeper) -> Values:
        assert keeper is KEEPER
        return self._done("recreate", secrets)

    def remove(self, key: str, live: Values, action: Action) -> None:
        self._done("remove", {})


def written(path: Path) -> list[list[str]]:
    """Key and password of each line."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row[2:4] for row in list(csv.reader(file))[1:]]


def standing(path: Path, error: CxconfigError | None = None) -> tuple[Below, HandingOut]:
    below = Below(path, error)
    return below, HandingOut(below, KIND, HandedOut(path))


CALLS = {
    "create": lambda handler, secrets: handler.create(DESIRED, secrets),
    "update": lambda handler, secrets: handler.update(DESIRED, {}, [], secrets),
    "rename": lambda handler, secrets: handler.rename("old", DESIRED, {}, [], secrets),
    "replace": lambda handler, secrets: handler.replace(DESIRED, {}, [], secrets, KEEPER),
    "recreate": lambda handler, secrets: handler.recreate(DESIRED, {}, secrets, KEEPER),
}


def test_it_stands_before_every_method_of_a_handler() -> None:
    """One that the handler below has, and this one has not, would fail in a run that is half done."""
    assert {name for name in vars(Handler) if not name.startswith("_")} <= vars(HandingOut).keys()


@pytest.mark.parametrize("call", CALLS)
def test_a_password_is_made_written_and_then_set(call: str, tmp_path: Path) -> None:
    """The one that is sent is the one in the file; other secrets go through as they are."""
    path = file_for(tmp_path, "acme")
    below, handler = standing(path)
    CALLS[call](handler, {**NEW, "pin": "1234"})
    assert below.asked == [call]
    assert (len(below.sent["password"]), below.sent["pin"]) == (16, "1234")
    assert written(path) == [["jdoe", below.sent["password"]]]


@pytest.mark.parametrize("call", CALLS)
def test_a_secret_that_is_there_is_not_written(call: str, tmp_path: Path) -> None:
    """Not even one that looks like the reference."""
    path = file_for(tmp_path, "acme")
    below, handler = standing(path)
    CALLS[call](handler, {"password": "${generate:16}"})
    assert below.sent == {"password": "${generate:16}"} and not path.exists()


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (Refused("no", status=400, endpoint="POST /user"), False),
        (PermissionDenied("no", status=403, endpoint="PUT /user/x"), False),
        (ChangedSincePreview("no", kind=KIND.id, key="jdoe"), False),
        (Refused("no", status=400, endpoint="GET /user/x"), True),
        (OutcomeUnknown("lost", endpoint="POST /user"), True),
    ],
    ids=["refused", "no privilege", "changed", "reading refused", "lost"],
)
def test_only_what_was_surely_not_set_is_taken_out(error: CxconfigError, stays: bool, tmp_path: Path) -> None:
    """What may have arrived must be known to somebody."""
    path = file_for(tmp_path, "acme")
    below, handler = standing(path, error)
    with pytest.raises(type(error)):
        handler.create(DESIRED, NEW)
    assert below.sent["password"]
    assert path.exists() is stays


def test_the_file_is_told_of_when_something_in_it_stays(tmp_path: Path) -> None:
    """Once, and not for what was surely not set."""
    path, told = file_for(tmp_path, "acme"), list[str]()
    file = HandedOut(path, told.append)
    with pytest.raises(Refused):
        HandingOut(Below(path, Refused("no", status=400, endpoint="POST /user")), KIND, file).create(DESIRED, NEW)
    HandingOut(Below(path), KIND, file).update(DESIRED, {}, [], {"pin": "1234"})
    assert told == []
    lost = OutcomeUnknown("lost", endpoint="POST /user")
    with pytest.raises(OutcomeUnknown):
        HandingOut(Below(path, lost), KIND, file).create(DESIRED, NEW)
    CALLS["update"](HandingOut(Below(tmp_path / "other"), KIND, file), NEW)
    (text,) = told
    assert str(path) in text and "hand them out, then delete the file" in text


def test_everything_else_goes_through(tmp_path: Path) -> None:
    """No method of a handler is left to the base class, whose answers would be wrong."""
    below, handler = standing(file_for(tmp_path, "acme"))
    handler.observe({})
    handler.enumerate()
    handler.confirm_gone([])
    handler.supporting()
    handler.remove("jdoe", {}, Action.DISABLE)
    assert below.asked == ["observe", "enumerate", "confirm_gone", "supporting", "remove"]
    public = {name for name in vars(Handler) if not name.startswith("_")}
    assert public == set(below.asked) | CALLS.keys() <= vars(HandingOut).keys()


def test_the_stand_in_stays_what_it_is_as_a_text() -> None:
    """Wherever it passes through `str`."""
    assert isinstance(str(NEW["password"]), Generated)
    assert str(NEW["password"]) == "${generate:16}"
