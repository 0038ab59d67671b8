"""A small registry and hand-made results for the report tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel

from cxconfig.errors import Place
from cxconfig.kinds import (
    Action,
    Cause,
    Declared,
    Desired,
    Difference,
    FieldSpec,
    Handler,
    Kind,
    OnRemove,
    Registry,
    System,
    SystemSettings,
    Values,
    specs_of,
)
from cxconfig.planning.plan import Outcome, Plan, Result, Step

USERS = "phones.users"
TEAMS = "phones.teams"


class TeamModel(BaseModel):
    """A team without fields."""


class UserModel(BaseModel):
    """One field of each sort that reports know."""

    name: str = ""
    email: str = ""
    team: str = ""
    disabled: bool = False
    skills: Annotated[dict[str, int], FieldSpec()] = {}
    roles: Annotated[list[str], FieldSpec()] = []
    phone: Annotated[str, FieldSpec(private=True)] = ""
    numbers: Annotated[dict[str, str], FieldSpec(private=True)] = {}
    password: Annotated[str, FieldSpec(secret=True)] = ""


class FakeKind(Kind):
    system = "phones"
    removals = (OnRemove.DISABLE,)
    privilege = ""

    def desire(self, declared: Declared) -> Desired:
        return Desired(self.id, declared.key, declared.values)

    def compare(self, desired: Desired, live: Values) -> list[Difference]:
        return []

    def creation(self, desired: Desired) -> str:
        return "POST /things"

    def handler(self, connection: Any) -> Handler:
        raise NotImplementedError


class FakeTeams(FakeKind):
    name = "teams"
    singular = "team"
    model = TeamModel
    specs = specs_of(TeamModel)


class FakeUsers(FakeKind):
    name = "users"
    singular = "user"
    model = UserModel
    specs = specs_of(UserModel)

    def equal(self, name: str, left: Any, right: Any) -> bool:
        """Skills without regard to case, roles without outer blanks."""
        if name == "skills":
            return {k.casefold(): v for k, v in left.items()} == {k.casefold(): v for k, v in right.items()}
        if name == "roles":
            return sorted(role.strip() for role in left) == sorted(role.strip() for role in right)
        return bool(left == right)


class FakeSystem(System):
    name = "phones"
    settings = SystemSettings
    secret_settings = frozenset()
    kinds = (FakeTeams(), FakeUsers())

    def connect(self, settings: Any) -> Any:
        return None


REGISTRY = Registry([FakeSystem()])


def place(line: int, file: str = "people.yaml") -> Place:
    return Place(file, line, 5)


def difference(field: str, live: Any, declared: Any, cause: Cause | None = None, problem: str = "") -> Difference:
    return Difference(field, live, declared, "PUT /things", problem, cause)


def update(key: str, *differences: Difference, cause: Cause | None = Cause.EDIT, line: int = 12) -> Step:
    return Step(USERS, key, Action.UPDATE, cause, differences, place=place(line), recorded=True, exists=True)


def create(key: str, values: Mapping[str, Any], line: int = 12, cause: Cause | None = Cause.NEW) -> Step:
    fields = tuple(difference(name, None, value, cause) for name, value in values.items())
    return Step(USERS, key, Action.CREATE, cause, fields, call="POST /things", place=place(line))


def removed(key: str, action: Action = Action.DISABLE) -> Step:
    return Step(USERS, key, action, Cause.REMOVED, recorded=True, exists=action is not Action.FORGET)


def result(
    *steps: Step,
    command: str = "preview",
    declared: int = 41,
    outcomes: tuple[Outcome, ...] | None = None,
    warnings: tuple[str, ...] = (),
    **more: Any,
) -> Result:
    return Result(command, Plan("acme", steps, {USERS: declared}, warnings), outcomes, **more)
