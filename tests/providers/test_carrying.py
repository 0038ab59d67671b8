"""Replacements and creations with the files of what is carried over, before the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any, cast

import pytest

from cxconfig.errors import ChangedSincePreview, ObjectError, Refused, SettingsError
from cxconfig.handed_out import HandedOut
from cxconfig.kept_files import KeptFiles
from cxconfig.kinds import Action, Desired, Handler
from cxconfig.planning.handover import HandedStep
from cxconfig.planning.plan import Kept
from cxconfig.sandbox import Sandbox
from providers.carrying import Carrying
from providers.handing_out import HandingOut
from providers.onecloud.users_handler import UsersHandler
from providers.registry import REGISTRY
from providers.site import Site
from tests.onecloud.support import JDOE, KIND, PASSWORD, USER, desired, handled, skills_of

SECRETS = {"password": PASSWORD}
PHONE = "+47 555 010 4477"
LIVE = JDOE | {"workPhone": PHONE, "extension": "1007", "roles": ["Agent"]}
WANTED = desired(last_name="Roe", skills=None)
NEW = HandedStep(Action.CREATE, None, kept="jdoe")


class Here:
    """What of a site is needed here."""

    def __init__(self, folder: Path, handler: UsersHandler) -> None:
        self._folder = folder
        self._handler = handler

    def handler(self, kind: Any) -> Handler:
        return HandingOut(self._handler, kind, HandedOut(self._folder / "passwords.csv"))

    def origin(self, system: str) -> str:
        return "here"

    def kept_files(self) -> KeptFiles:
        return KeptFiles(self._folder, "acme")


@contextmanager
def carrying(folder: Path, *users: dict[str, Any]) -> Iterator[tuple[Sandbox, Carrying]]:
    with handled(*users, switches={"scim": "404"}) as (box, handler):
        yield box, Carrying(cast(Site, Here(folder, handler)))


def kept(folder: Path) -> list[Kept]:
    return KeptFiles(folder, "acme").all(REGISTRY, lambda _: "here")


def replace(own: Carrying, wanted: Desired = WANTED) -> None:
    handler = own._site.handler(KIND)
    live = handler.observe({wanted.key: wanted.fields})[wanted.key]
    assert live is not None
    own.replace(KIND, wanted, live, KIND.compare(wanted, live), SECRETS, {"key": wanted.key})


def stopped(box: Sandbox, own: Carrying) -> ObjectError:
    """A replacement whose creation is refused."""
    rule = box.fault({"status": 400, "body": "no such thing"}, method="POST", path=USER)
    with pytest.raises(ObjectError) as caught:
        replace(own)
    box.clear_faults(rule)
    assert box.users == {}
    return caught.value


def test_a_replacement_leaves_nothing_behind(tmp_path: Path) -> None:
    """Its file was there when the user was deleted, and is gone when he is there again."""
    with carrying(tmp_path, LIVE) as (box, own):
        box.fault({"status": 400, "body": "no"}, method="DELETE")
        with pytest.raises(Refused) as caught:
            replace(own)
        assert kept(tmp_path) == [] and "Kept for the next run" not in caught.value.way_out
        box.clear_faults()
        replace(own)
        assert box.users["jdoe"]["workPhone"] == PHONE and kept(tmp_path) == []


def test_the_next_run_sets_what_was_kept(tmp_path: Path) -> None:
    """The refusal names the fields, and the creation has them; the file goes when that is done."""
    with carrying(tmp_path, LIVE) as (box, own):
        error = stopped(box, own)
        assert "sets them as they were: extension, roles, skills, work_phone" in error.way_out
        assert PHONE not in str(error) and [one.values["work_phone"] for one in kept(tmp_path)] == [PHONE]
        own.create(KIND, desired(last_name="Roe", skills={"Billing": 1}), SECRETS, NEW)
        now = box.users["jdoe"]
        assert [now[name] for name in ("lastName", "workPhone", "extension", "roles", "skills")] == [
            *("Roe", PHONE, "1007", ["Agent"], {"Billing": 1}),
        ]
        assert kept(tmp_path) == []


def test_what_is_ignored_comes_back_as_it_was(tmp_path: Path) -> None:
    """Also by the next run: nobody is enabled, moved or taught anything unannounced."""
    live = LIVE | {"disabled": True, "team": "Support", "skills": {"Billing": 3}}
    names = frozenset({"disabled", "team", "skills", "work_phone"})
    wanted = replaced(desired(last_name="Roe", work_phone="1"), ignore=names)
    with carrying(tmp_path, live) as (box, own):
        rule = box.fault({"status": 400, "body": "no"}, method="POST", path=USER)
        with pytest.raises(ObjectError, match="could not be created again"):
            replace(own, wanted)
        box.clear_faults(rule)
        own.create(KIND, wanted, SECRETS, NEW)
        now = box.users["jdoe"]
        assert [now[name] for name in ("lastName", "disabled", "team", "skills", "workPhone")] == [
            *("Roe", True, "Support", {"Billing": 3}, PHONE)
        ]


def test_a_creation_that_is_refused_keeps_them(tmp_path: Path) -> None:
    """And tells which they are, as one of them may be what is refused."""
    with carrying(tmp_path, LIVE) as (box, own):
        stopped(box, own)
        before = kept(tmp_path)
        box.fault({"status": 409, "body": "extension"}, method="POST", path=USER)
        with pytest.raises(Refused) as caught:
            own.create(KIND, WANTED, SECRETS, NEW)
        assert "extension, roles, skills, work_phone. If one of them is what is refused" in caught.value.way_out
        assert PHONE not in str(caught.value) and kept(tmp_path) == before


def test_a_creation_that_leaves_something_out_keeps_that(tmp_path: Path) -> None:
    """Told as what it is: the user is there, and the next run knows what is missing."""
    live = LIVE | {"skills": {"English": 90, "Spanish": 4}}
    with carrying(tmp_path, live) as (box, own):
        stopped(box, own)
        box.set_switch("U4", "ignored")
        skills_of(box).remove("Spanish")
        with pytest.raises(ObjectError, match="not all that it was to be") as caught:
            own.create(KIND, WANTED, SECRETS, NEW)
        (one,) = kept(tmp_path)
        assert (one.values, one.made) == ({"skills": {"English": 90, "Spanish": 4}}, True)
        file = KeptFiles(tmp_path, "acme").path(one)
        assert file.exists() and "not seen live: skills. Declare it" in caught.value.way_out
        assert str(file) in caught.value.way_out and "Kept for the next run" not in caught.value.way_out
        assert PHONE not in str(caught.value) and box.users["jdoe"]["workPhone"] == PHONE


def test_who_is_there_by_then_is_not_written_to(tmp_path: Path) -> None:
    """Made by hand between the look and the creation: that would be an overwriting of live values."""
    with carrying(tmp_path, LIVE) as (box, own):
        stopped(box, own)
        before = kept(tmp_path)
        box.add_user(**(JDOE | {"lastName": "Hand"}))
        with pytest.raises(ChangedSincePreview) as caught:
            own.create(KIND, WANTED, SECRETS, NEW)
        assert "Kept" not in caught.value.way_out and kept(tmp_path) == before
        assert box.users["jdoe"]["lastName"] == "Hand" and not box.users["jdoe"].get("workPhone")


def test_what_was_announced_and_is_gone_stops_the_creation(tmp_path: Path) -> None:
    """Nobody is created without what the preview showed; without an announcement nothing is looked for."""
    with carrying(tmp_path, LIVE) as (box, own):
        stopped(box, own)
        (one,) = kept(tmp_path)
        KeptFiles(tmp_path, "acme").forget(one, REGISTRY)
        assert own.create(KIND, WANTED, SECRETS, NEW) is None
        assert box.users == {}
        KeptFiles(tmp_path, "acme").put(one)
        assert own.create(KIND, WANTED, SECRETS, HandedStep(Action.CREATE, None)) is not None
        assert not box.users["jdoe"].get("workPhone") and kept(tmp_path) == [one]


def test_under_plain_pulumi_nothing_is_set(tmp_path: Path) -> None:
    """Its program refuses to finish a replacement; a namesake who comes in between gets nothing of another one."""
    with carrying(tmp_path, LIVE) as (box, own):
        stopped(box, own)
        before = kept(tmp_path)
        own.create(KIND, WANTED, SECRETS, None)
        assert not box.users["jdoe"].get("workPhone") and kept(tmp_path) == before


def test_who_is_spelt_otherwise_now_gets_what_was_his(tmp_path: Path) -> None:
    """Also when his creation is refused first, and the engine has forgotten the old spelling by then."""
    with carrying(tmp_path, LIVE) as (box, own):
        stopped(box, own)
        rule = box.fault({"status": 400, "body": "no"}, method="POST", path=USER)
        wanted = desired("JDoe", last_name="Roe", skills=None)
        with pytest.raises(Refused):
            own.create(KIND, wanted, SECRETS, NEW)
        box.clear_faults(rule)
        (one,) = kept(tmp_path)
        assert (one.key, one.recorded) == ("JDoe", "")
        own.create(KIND, wanted, SECRETS, HandedStep(Action.CREATE, None, kept="JDoe"))
        assert box.users["JDoe"]["workPhone"] == PHONE and kept(tmp_path) == []


def test_a_move_to_another_spelling_that_fails_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept goes from under the old spelling when it is on the disk under the new one, and nobody is created."""
    with carrying(tmp_path, LIVE) as (box, own):
        stopped(box, own)
        before = kept(tmp_path)

        def full(self: KeptFiles, one: Kept) -> None:
            raise SettingsError("the disk is full")

        monkeypatch.setattr(KeptFiles, "put", full)
        with pytest.raises(SettingsError, match="full"):
            own.create(KIND, desired("JDoe", last_name="Roe", skills=None), SECRETS, NEW)
        assert (kept(tmp_path), box.users) == (before, {})


def test_the_record_tells_whose_it_is(tmp_path: Path) -> None:
    """Of who is recorded otherwise, nothing was interrupted."""
    with carrying(tmp_path, LIVE) as (box, own):
        stopped(box, own)
        assert own.unfinished(KIND, {"key": "jdoe"}) and not own.unfinished(KIND, {"key": "jdoe", "team": "Sales"})
