"""The photo of a SCIM account: a refusal names it, and an empty one is a PUT without any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cxconfig.errors import InputErrors, LiveError, OutcomeUnknown, Place
from cxconfig.journal import error_from_data, error_to_data
from cxconfig.kinds import Difference
from cxconfig.language import load
from providers.onecloud.blame import PHOTO_WAYS_OUT
from providers.onecloud.scim_accounts import ScimAccount
from providers.onecloud.scim_client import PATH
from providers.registry import REGISTRY
from providers.site import Site
from tests.onecloud.support import JDOE, SEED
from tests.onecloud.test_scim_accounts import EVERYTHING, ONE, PHOTO, change, desired, handled, people

MISSING = "http://a.example/missing"
BAD = "http://ü.example/a.png"


def refused(values: dict[str, Any], made: str, **switches: str) -> LiveError:
    """What a creation or a change with these values ends with."""
    with handled(JDOE, switches=switches, roles=SEED["roles"]) as (box, handler):
        method = {"method": made} if made != "create" else {}
        with pytest.raises(LiveError) as caught:
            if made == "create":
                handler.create(desired("new", **EVERYTHING | values), {})
            else:
                change(handler, desired(**{"photo": PHOTO} | values, **method))
        assert box.count(changed=True) == 0
        return caught.value


@pytest.mark.parametrize("made", ["create", "patch", "put"])
@pytest.mark.parametrize("body", ["text", "json"])
@pytest.mark.parametrize(("photo", "status", "said"), [(BAD, 400, "bad URL"), (MISSING, 404, "image not found")])
def test_a_photo_that_is_refused_is_named(photo: str, status: int, said: str, body: str, made: str) -> None:
    """With the vendor's words, what to do, and the field, which leads to its line."""
    error = refused({"photo": photo}, made, U46=body)
    assert (error.status, error.field) == (status, "photo") and said in error.said
    assert error.what.startswith("the `photo` was refused: ")
    assert error.way_out.casefold() == f"{PHOTO_WAYS_OUT[status]}.".casefold()


@pytest.mark.parametrize("made", ["create", "patch", "put"])
@pytest.mark.parametrize("photo", [BAD, MISSING])
def test_a_refusal_without_a_word_may_be_of_the_photo(photo: str, made: str) -> None:
    """Nobody can tell, so it is said as that."""
    error = refused({"photo": photo, "title": "Boss"}, made, U46="empty")
    assert (error.said, error.field) == ("", "") and "If it is the `photo` that was refused: " in error.way_out


@pytest.mark.parametrize("made", ["create", "patch", "put"])
def test_other_refusals_do_not_speak_of_it(made: str) -> None:
    """Although a photo was sent: the vendor's words are about something else."""
    error = refused({"photo": PHOTO, "roles": ["Boss"]}, made)
    assert (error.status, error.field, error.what.count("photo"), error.way_out.count("photo")) == (404, "roles", 0, 0)
    if made != "put":  # a PUT always sends one
        error = refused({"title": "Boss", "roles": ["Boss"]} | ({} if made == "create" else {"photo": ""}), made)
        assert "photo" not in f"{error.what} {error.way_out}"


def test_it_is_known_after_a_lost_answer_too() -> None:
    """The refusal is of the second attempt; of the first nobody knows."""
    with handled(JDOE) as (box, handler):
        box.fault("drop_before", method="PATCH", path=ONE, nth=1)
        with pytest.raises(OutcomeUnknown, match="the `photo` was refused") as caught:
            change(handler, desired(title="Boss", photo=MISSING))
        assert caught.value.field == "photo"
        told = error_from_data(error_to_data(caught.value), "onecloud.scim_accounts", "jdoe", Place("a.yaml", 7))
        assert (told.field, told.place) == ("photo", Place("a.yaml", 7))


def test_the_line_of_a_field_is_found_under_plain_pulumi(tmp_path: Path) -> None:
    """Of one that stands nowhere, that of its object."""
    (tmp_path / "tenant.yaml").write_text(
        "api_version: cxconfig/v1\ntenant: acme\nsystems:\n  onecloud:\n    url: http://127.0.0.1:1\n"
        "    client_id: ${env:A}\n    client_secret: ${env:B}\n",
        "utf-8",
    )
    (tmp_path / "accounts.yaml").write_text(
        f"onecloud:\n  scim_accounts:\n    jdoe:\n      title: Lead\n      photo: {PHOTO}\n", "utf-8"
    )
    site = Site(tmp_path, None, (), lambda _: None)
    lines = {}
    for name in ("", "photo", "city"):
        place = site.place("onecloud.scim_accounts", "jdoe", name)
        assert place is not None
        lines[name] = place.line
    assert lines == {"": 3, "photo": 5, "city": 3}


def test_an_environment_may_add_the_photo_that_put_needs(tmp_path: Path) -> None:
    """What it lies over is a part of the account; the mistakes of that part are others."""
    main = "api_version: cxconfig/v1\ntenant: acme\nsystems:\n  onecloud: {url: 'http://127.0.0.1:1', client_id: a,"
    (tmp_path / "tenant.yaml").write_text(f"{main} client_secret: '${{env:B}}'}}\n", "utf-8")
    (tmp_path / "environments" / "prod").mkdir(parents=True)
    for folder, values in ((tmp_path, "method: put"), (tmp_path / "environments" / "prod", f"photo: '{PHOTO}'")):
        text = f"onecloud:\n  scim_accounts:\n    jdoe: {{{values}}}\n"
        (folder / "accounts.yaml").write_text(text, "utf-8")
    account = load(tmp_path, REGISTRY, ["prod"]).objects["onecloud.scim_accounts"]["jdoe"]
    assert (account.values["method"], account.values["photo"]) == ("put", PHOTO)
    with pytest.raises(InputErrors, match="needs `photo`"):
        load(tmp_path, REGISTRY)


def test_an_empty_photo_is_a_put_without_one() -> None:
    """PUT clears what is not sent; nothing else of the person is touched, and a creation sends none."""
    with handled(JDOE | {"photo": PHOTO, "title": "Lead", "workPhone": "12"}) as (box, handler):
        wanted = desired(photo="", method="put")
        change(handler, wanted)
        assert [entry.method for entry in box.log(write=True)] == ["PUT"]
        person = people(box)["jdoe"]
        assert (person.get("photo"), person["title"], person["workPhone"]) == (None, "Lead", "12")
        handler.create(desired("new", **EVERYTHING, photo="", method="put"), {})
        (made,) = box.log("POST", PATH)
        assert "photos" not in made.sent and not people(box)["new"].get("photo")


def test_a_lost_answer_to_it() -> None:
    """Sent once more, as nobody can see whether it is gone."""
    with handled(JDOE | {"photo": PHOTO}) as (box, handler):
        box.fault("drop_after", method="PUT", path=ONE, nth=1)
        live = handler.observe({"jdoe": {}})["jdoe"]
        assert live is not None
        handler.update(desired(photo="", method="put"), live, [Difference("photo", None, "")], {})
        assert [entry.method for entry in box.log(write=True)] == ["PUT", "PUT"]
        assert not people(box)["jdoe"].get("photo")


@pytest.mark.parametrize("values", [{"photo": ""}, {"photo": "", "method": "patch"}])
def test_an_empty_photo_needs_put(values: dict[str, str]) -> None:
    """What a PATCH would do is not documented, and could not be seen."""
    with pytest.raises(ValidationError, match="an empty `photo` needs `method: put`"):
        ScimAccount.model_validate(values)
    assert ScimAccount.model_validate({"photo": "", "method": "put"}).photo == ""
    with pytest.raises(ValidationError, match="`method: put` needs `photo`"):
        ScimAccount.model_validate({"method": "put"})
