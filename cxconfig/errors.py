"""Every error that cxconfig raises on purpose.

    CxconfigError                     what happened, where, and the way out
    ├── InputError                    one mistake in the user's files, with its place
    ├── InputErrors                   all mistakes of one reading, in order of their places
    ├── SettingsError                 an environment variable, passphrase or option is missing or wrong
    ├── EditRefused                   a file is not changed in place, and why; it is as it was
    ├── Interrupted                   the user pressed Ctrl-C; says what was done
    ├── EngineError                   the Pulumi engine
    │   ├── EngineMissing             no engine with its helpers could be found
    │   ├── EngineFailed              the engine ended with an error of its own
    │   ├── StackLocked               another run holds the stack, or a dead one left its lock
    │   └── AnnouncementMismatch      the engine announced other steps than we compared; nothing was written
    ├── ObjectError                   one declared or recorded object cannot be brought to its state
    │   └── ChangedSincePreview       the live object is no longer what the preview showed
    └── LiveError                     a live system, with endpoint and status
        ├── Unreachable               no answer: connection, timeout, TLS
        ├── AuthenticationFailed      the system does not accept the credentials
        ├── PermissionDenied          the credentials lack a privilege
        ├── Refused                   the system understood and said no
        │   └── Unavailable           the system does not offer what a whole kind needs
        ├── UnexpectedAnswer          an answer that is not what the vendor documents
        └── OutcomeUnknown            a write was sent and its answer was lost

A message never holds a secret, a password, a token or a customer's phone number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in the user's files; line and column count from 1, 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The line of a mistake as it may be shown: secrets masked, nothing in it that steers a terminal, cut when long.

    The `width` characters of `text` from `column` (from 1) are what the mistake is about; `caret` is the line below.
    """

    text: str
    column: int
    width: int
    caret: str


class CxconfigError(Exception):
    """What happened (`what`), where in the user's files (`place`), and the way out (`way_out`)."""

    tenant = ""
    """The name of the tenant that was worked on, "" while it is not known."""
    field = ""
    """The field of an object that it is about, where that is known: its place is then that of the field."""

    def __init__(self, what: str, *, way_out: str = "", place: Place | None = None) -> None:
        self.what = what
        self.way_out = way_out
        self.place = place
        super().__init__(what)

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.what}" + (f"\n  {self.way_out}" if self.way_out else "")


@contextmanager
def before_writing() -> Iterator[None]:
    """Mistakes that stop a command that writes files, and applies nothing anyway, say so."""
    try:
        yield
    except InputErrors as errors:
        errors.what = errors.what.replace("nothing was applied", "nothing was written")
        raise


@contextmanager
def about(tenant: str) -> Iterator[None]:
    """Every error that leaves the block says which tenant it is about."""
    try:
        yield
    except CxconfigError as error:
        error.tenant = tenant
        raise


class InputError(CxconfigError):
    """One mistake in the user's files: `path` is the dotted path of the value, `rule` what the value breaks.

    `excerpt`: the line of its place, when that is known and can be read.
    """

    def __init__(
        self, rule: str, *, place: Place, path: str = "", way_out: str = "", also: Sequence[Place] = ()
    ) -> None:
        self.rule = rule
        self.path = path
        self.also = tuple(also)
        self.excerpt: Excerpt | None = None
        super().__init__(f"{path}: {rule}" if path else rule, way_out=way_out, place=place)

    def __str__(self) -> str:
        first, *rest = super().__str__().split("\n")
        return "\n".join([first, *(f"  {line}" for line in self.excerpt_lines()), *rest])

    def excerpt_lines(self) -> list[str]:
        """`   7 |     skils: {English: 90}` and the caret below it, or nothing."""
        if self.excerpt is None or self.place is None:
            return []
        number = str(self.place.line)
        blank = " " * len(number)
        return [f"{number} | {self.excerpt.text}", f"{blank} | {self.excerpt.caret}"]


class InputErrors(CxconfigError):
    """All mistakes found in one reading of the user's files; nothing is applied while there is one.

    One mistake that several objects take over from the same line (a template, an anchor) is told once.
    """

    def __init__(self, errors: Iterable[InputError], *, more: bool = False) -> None:
        """`more`: there were others, too many to be kept."""
        different: dict[tuple[Place | None, str, str, str], InputError] = {}
        for error in errors:
            path = "" if error.place and error.place.line else error.path
            different.setdefault((error.place, path, error.rule, error.way_out), error)
        self.errors = tuple(sorted(different.values(), key=lambda e: e.place or Place("")))
        count = len(self.errors)
        noun = "error" if count == 1 else "errors"
        counted = f"more than {count:,}" if more else f"{count:,}"
        super().__init__(f"{counted} {noun} in the configuration; nothing was applied")

    def __str__(self) -> str:
        return "\n".join([*(str(e) for e in self.errors), self.what])


class SettingsError(CxconfigError):
    """A setting outside the objects (environment, passphrase, option) is missing or wrong."""


class EditRefused(CxconfigError):
    """A file of the user's is not changed in place: `what` says why. It is as it was before."""


class Interrupted(CxconfigError):
    """The run was stopped by the user; `what` says what was done until then."""


class EngineError(CxconfigError):
    """The Pulumi engine could not be found, or did not do its work."""


class EngineMissing(EngineError):
    """No usable engine: `what` lists what was looked at."""


class EngineFailed(EngineError):
    """The engine ended with an error; `details` holds its own lines, without ours."""

    def __init__(self, what: str, *, details: Sequence[str] = (), way_out: str = "") -> None:
        self.details = tuple(details)
        super().__init__("\n  ".join([what, *self.details]), way_out=way_out)


class StackLocked(EngineError):
    """The stack is locked by `pid` on `host`; `stale` when that process is known to be dead."""

    def __init__(self, what: str, *, host: str, pid: int, stale: bool, way_out: str) -> None:
        self.host = host
        self.pid = pid
        self.stale = stale
        super().__init__(what, way_out=way_out)


class AnnouncementMismatch(EngineError):
    """The engine's announced steps differ from the comparison; raised before the first write."""


class ObjectError(CxconfigError):
    """One object (`kind`, `key`) cannot be brought to its declared state."""

    def __init__(self, what: str, *, kind: str, key: str, way_out: str = "", place: Place | None = None) -> None:
        self.kind = kind
        self.key = key
        super().__init__(what, way_out=way_out, place=place)


class ChangedSincePreview(ObjectError):
    """The live object is no longer what the preview showed, so its announced change was not made."""


class LiveError(CxconfigError):
    """A call to a live system failed.

    `system` is its name in tenant.yaml, `endpoint` method and path without host and query, `status` the HTTP status
    (0 without an answer), `said` the vendor's own text (shortened, secrets masked), `request_id` the vendor's id.
    """

    def __init__(
        self,
        what: str,
        *,
        system: str = "",
        endpoint: str = "",
        status: int = 0,
        said: str = "",
        request_id: str = "",
        way_out: str = "",
        place: Place | None = None,
    ) -> None:
        self.system = system
        self.endpoint = endpoint
        self.status = status
        self.said = said
        self.request_id = request_id
        super().__init__(what, way_out=way_out, place=place)


class Unreachable(LiveError):
    """No answer: the name does not resolve, the connection fails or times out, or TLS is not trusted."""


class AuthenticationFailed(LiveError):
    """The system does not accept the credentials (after one fresh token)."""


class PermissionDenied(LiveError):
    """The credentials are valid and lack a privilege."""


class Refused(LiveError):
    """The system understood the call and refused it: `status` and `said` are the vendor's."""


class Unavailable(Refused):
    """The system does not offer what a kind needs, here or to these credentials: none of its objects can be read."""


class UnexpectedAnswer(LiveError):
    """An answer that the vendor does not document: wrong form, too large, an HTML page."""


class OutcomeUnknown(LiveError):
    """A write was sent and no usable answer came: only a read can tell whether it was carried out."""
