"""What the handlers of users and of SCIM accounts have in common, as both are about the same persons: creations that
find somebody there, writes whose answer is lost, and what no error may show.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from cxconfig.errors import (
    AuthenticationFailed,
    ChangedSincePreview,
    LiveError,
    ObjectError,
    OutcomeUnknown,
    PermissionDenied,
    Place,
    Refused,
    UnexpectedAnswer,
)
from cxconfig.kinds import Desired, Difference, Handler, Kind, Values
from providers.onecloud.scim_values import UNREAD, folded_login, from_scim, same_id
from providers.onecloud.values import contradicted, lost_and_different, not_taken

if TYPE_CHECKING:
    from providers.onecloud.client import OneCloudClient

ATTEMPTS = 3
"""How often a write is made at the most, when reading shows each time that it was not carried out."""
SHORTEST_HIDDEN = 4
"""Characters of a private value below which it says nothing, and would be found in any text."""

ENABLE_RENAMING = (
    "The service provider must enable changes of usernames for this contact centre: ask for it, or declare the old"
    " login again."
)

Shown = TypeVar("Shown")


class PersonsHandler(Handler):
    """The part of both that is the same. `taken`: answers to a creation that may mean that the login exists."""

    client: OneCloudClient
    kind: Kind
    taken: frozenset[int] = frozenset({409})

    @abstractmethod
    def _one(self, desired: Desired) -> Values | None:
        """Read one person."""

    @abstractmethod
    def _post(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        """Create a person, and make sure of what a creation may drop without a word."""

    @abstractmethod
    def _send_again(self, desired: Desired, live: Values, secrets: Mapping[str, str]) -> None:
        """Send what cannot be read to a person whose creation got no answer."""

    def _taken_and_absent(self, desired: Desired, refused: LiveError) -> None:
        """May raise when a creation was refused as of a login that exists, and reading does not find it."""

    def confirm_gone(self, keys: Any) -> None:
        """A login that the directory lists is not gone, whatever answered 404 (a gateway, a wrong path, a hiccup)."""
        listed = self.client.listed()
        if listed is None:
            self.client.team_names()  # so at least the API must be there
            return
        there = [login for login in keys if login.casefold() in listed]
        if there:  # the list may be older than a deletion of our own
            listed = self.client.listed_anew() or frozenset()
            there = [login for login in there if login.casefold() in listed]
        if there:
            raise UnexpectedAnswer(
                contradicted(there),
                system="onecloud",
                endpoint=f"GET /configapi/v2/user/{there[0]}",
                status=404,
                way_out="Run again; if it stays so, check that `url` names the contact centre itself.",
            )

    def create(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        return self._created(desired, secrets, self._post)

    def _created(
        self, desired: Desired, secrets: Mapping[str, str], post: Callable[[Desired, Mapping[str, str]], Values]
    ) -> Values:
        lost = False
        for attempt in range(ATTEMPTS):
            try:
                return post(desired, secrets)
            except OutcomeUnknown:
                lost = True
                live = self._one(desired)
                if live is None and attempt + 1 < ATTEMPTS:
                    continue
                if live is None:
                    raise
                return self._found_after(desired, live, secrets, unsure=True)
            except (Refused, PermissionDenied) as refused:
                if refused.status in self.taken:
                    live = self._one(desired)
                    if live is not None:
                        return self._found_after(desired, live, secrets, unsure=lost)
                    self._taken_and_absent(desired, refused)
                    # something else of it is taken: the extension
                if lost:
                    raise after_a_lost_answer(refused) from refused
                raise
        raise AssertionError("unreachable")  # pragma: no cover

    def _found_after(self, desired: Desired, live: Values, secrets: Mapping[str, str], *, unsure: bool) -> Values:
        """A POST found the login taken, or its answer was lost (`unsure`) and the login is there now.

        Somebody else's person that is just as declared is taken over, unless what cannot be read would have to be set:
        that was not announced.
        """
        fields = [difference.field for difference in self.kind.compare(desired.compared(), live)]
        if fields and unsure:
            raise as_object_error(desired, lost_and_different(self.kind.singular, desired.key, fields))
        unread = {name for name in desired.fields if self.kind.specs[name].unread} | secrets.keys()
        if not unsure:
            fields += sorted(unread - desired.ignore)
        if fields:
            raise ChangedSincePreview(
                f"the {self.kind.singular} appeared since the preview, and {', '.join(fields)} may differ; nothing was"
                " changed",
                kind=desired.kind,
                key=desired.key,
                place=desired.place,
                way_out="Run again: the next preview shows what taking it over would change.",
            )
        if unsure and unread:
            try:
                self._send_again(desired, live, secrets)
            except (Refused, PermissionDenied) as refused:
                raise after_a_lost_answer(refused) from refused
        return live

    def _settled(
        self, write: Callable[[], Shown], done: Callable[[], bool], *, repeat: bool = False, gone_is_done: bool = False
    ) -> Shown | None:
        """Make a write; when its answer is lost, read, and write again only if it was not carried out.

        `repeat`: its effect cannot be read, so it is made once more whatever the read says. None: it was carried out,
        and the answer was lost.
        """
        lost = False
        for attempt in range(ATTEMPTS):
            try:
                return write()
            except OutcomeUnknown:
                lost = True
                if done() and not repeat:
                    return None
                if attempt + 1 == ATTEMPTS:
                    raise
            except (Refused, PermissionDenied) as refused:
                if gone_is_done and refused.status == 404 and done():
                    return None  # a 404 alone may also mean something that the object refers to, or another server
                if lost:
                    raise after_a_lost_answer(refused) from refused
                raise
        raise AssertionError("unreachable")  # pragma: no cover

    def _delete(self, key: str, write: Callable[[], None], gone: Callable[[], bool]) -> None:
        """Delete a person, and see for yourself: the record goes with it, so nobody would look again."""

        def sent() -> bool:
            write()
            return True

        if not self._settled(sent, gone, gone_is_done=True):
            return
        try:
            done = gone()
        except AuthenticationFailed:
            raise  # which ends the run: no further token is asked for
        except LiveError as unread:
            raise partly_done(unread, f"the deletion of {key} was accepted before that") from unread
        if not done:
            raise still(self.kind, key, "deleted", "there")

    def _write_account(
        self,
        desired: Desired,
        raw: Mapping[str, Any],
        sent: Values,
        write: Callable[[str], dict[str, Any] | None],
        *,
        renamed: bool = False,
    ) -> Values:
        """Change a person's SCIM account, with the fields `sent` and for `renamed` with the login of `desired`.

        `write`: the call, for an id. Settled, and held against what the account shows afterwards.
        """

        def carried_out() -> bool:
            now = self.client.scim.find(desired.key)
            return now is not None and same_id(now, raw) and not self._unlike(from_scim(now), sent)

        try:
            answer = self._settled(lambda: write(raw["id"]), carried_out, repeat=bool(UNREAD & sent.keys()))
        except Refused as refused:
            self._same_account(desired.key, raw, refused, desired.place)
            raise
        now = answer if answer is not None else self.client.scim.find(desired.key)
        if now is None:
            raise as_object_error(desired, not_there(desired.key))
        if not same_id(now, raw):
            what = f"the change was accepted, and {desired.key!r} is the login of another SCIM account since"
            raise self._another(desired.key, what, desired.place)
        self._login_of(now, raw, desired, renamed)
        live = from_scim(now)
        different = self._unlike(live, sent)
        if different:
            raise as_object_error(desired, not_taken(different, frozenset()))
        return live

    def _login_of(self, now: Values, raw: Values, desired: Desired, renamed: bool) -> None:
        """Raise when an account that was changed does not show the declared login."""
        login = now["userName"]
        if renamed and login != desired.key and folded_login(login) == folded_login(raw["userName"]):
            raise as_object_error(desired, f"OneCloud accepted the new login and kept {login!r}", ENABLE_RENAMING)
        if (login != desired.key) if renamed else folded_login(login) != folded_login(desired.key):
            what = f"OneCloud accepted the change, and the login of this account is {login!r} now"
            raise self._another(desired.key, what, desired.place)

    def _same_account(self, key: str, raw: Mapping[str, Any], refused: Refused, place: Place | None = None) -> None:
        """Raise when a 404 tells that `raw` is no longer the account of its login. It may also be about something that
        the account refers to."""
        if refused.status != 404:
            return
        now = self.client.scim.find(raw["userName"])
        if now is not None and same_id(now, raw):
            return
        became = "is gone" if now is None else "was deleted and created again"
        what = f"the SCIM account {raw['userName']!r} {became} since it was read; nothing was changed"
        raise self._another(key, what, place) from refused

    def _another(self, key: str, what: str, place: Place | None) -> ChangedSincePreview:
        way_out = "Run again: the next preview shows it as it is now."
        return ChangedSincePreview(what, kind=self.kind.id, key=key, place=place, way_out=way_out)

    def _unlike(self, live: Values, sent: Values) -> list[Difference]:
        return [
            Difference(name, live.get(name), value)
            for name, value in sent.items()
            if name not in UNREAD and not self.kind.equal(name, live.get(name), value)
        ]

    def _renamed(self, was: str, desired: Desired, work: Callable[[], Shown]) -> Shown:
        """Do `work`, which renames: a refusal is told as what it is."""
        try:
            return work()
        except (Refused, PermissionDenied) as refused:
            if refused.endpoint.startswith("GET"):
                raise partly_done(refused, "the login may have been changed before that") from refused
            if self.client.scim.find(desired.key) is not None:
                raise ChangedSincePreview(
                    f"{self.kind.singular} {was} cannot be renamed to {desired.key}, which exists since the preview",
                    kind=desired.kind,
                    key=desired.key,
                    place=desired.place,
                    way_out="Run again: the next preview shows it as it is now.",
                ) from refused
            refused.what = f"{self.kind.singular} {was} was not renamed to {desired.key}: {refused.what}"
            refused.way_out = ENABLE_RENAMING
            if refused.status != 403:
                refused.way_out = f"Correct what it names. If that is the new login: {ENABLE_RENAMING}"
            raise

    def _hidden(self, secrets: Mapping[str, str], *values: Values) -> tuple[str, ...]:
        """What no error may show of a person: the secrets, and private fields that are not too short to tell."""
        private = {name for name, spec in self.kind.specs.items() if spec.private}
        texts = (str(held.get(name) or "") for held in values for name in private)
        return (*secrets.values(), *(text for text in texts if len(text) >= SHORTEST_HIDDEN))


def changes(desired: Desired, differences: Sequence[Difference]) -> dict[str, Any]:
    """The declared values of the fields that differ."""
    names = {difference.field for difference in differences}
    return {name: value for name, value in desired.fields.items() if name in names}


def still(kind: Kind, login: str, accepted: str, as_before: str) -> ObjectError:
    """For a removal that was answered as if it were done."""
    return ObjectError(
        f"OneCloud accepted that {login} is {accepted}, and the {kind.singular} is still {as_before}",
        kind=kind.id,
        key=login,
        way_out="Run again; if it stays so, ask the vendor's support.",
    )


def not_there(login: str) -> str:
    return f"OneCloud accepted the change, and has no SCIM account when it is asked for {login!r}; run again"


def after_a_lost_answer(refused: LiveError) -> OutcomeUnknown:
    """A refusal of what was sent once before: it says nothing about the first one, whose answer was lost."""
    return partly_done(refused, "the answer to an earlier attempt was lost, and that may have been carried out")


def partly_done(refused: LiveError, why: str) -> OutcomeUnknown:
    """A refusal after which the object may not be as it was, with the vendor's own words."""
    way_out = "Run the command again: it reads what is live and does only what is missing."
    unknown = OutcomeUnknown(
        f"{refused.what}; {why}",
        system=refused.system,
        endpoint=refused.endpoint,
        status=refused.status,
        said=refused.said,
        request_id=refused.request_id,
        way_out=f"{refused.way_out} {way_out}".strip(),
    )
    unknown.field = refused.field
    return unknown


def as_object_error(desired: Desired, text: str, way_out: str = "") -> ObjectError:
    return ObjectError(text, kind=desired.kind, key=desired.key, place=desired.place, way_out=way_out)
