"""The ground rules of the repository: its top level, its lock, and which module may import what."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOP_LEVEL = {
    *("cxconfig", "providers", "examples", "stacks", "tests", "docs", "tools"),
    *("pyproject.toml", "README.md", "Makefile", "LICENSE", "CHANGELOG.md"),
}
LIBRARY = ("cxconfig", "providers")
CORE = (
    "cxconfig.language",
    "cxconfig.kinds",
    "cxconfig.kind_settings",
    "cxconfig.planning",
    "cxconfig.reports",
    "cxconfig.schema",
    "cxconfig.writing",
)
LINES = 600
GENERATED = {"go.mod", "go.sum", "requirements.lock", "LICENSE"}
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(?:work|root|tmp|home|Users)(?:/[\w.-]+|\b(?![\w/]))")


@cache
def tracked() -> tuple[Path, ...]:
    """What git tracks or would track, as paths below the root that exist."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(Path(name) for name in sorted(set(names)) if name and (ROOT / name).is_file())


def python_files(*folders: str) -> list[Path]:
    """The Python files below the given top-level folders."""
    return [path for path in tracked() if path.suffix == ".py" and path.parts[0] in folders]


def text_of(path: Path) -> str | None:
    """A file's text, or None for a binary file."""
    try:
        return (ROOT / path).read_text("utf-8")
    except UnicodeDecodeError:
        return None


def module_name(path: Path) -> str:
    """The dotted name of a Python file below the root."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def statements(body: list[ast.stmt], *, everywhere: bool) -> Iterator[ast.stmt]:
    """Statements that run at import, or all; those under `if TYPE_CHECKING` never run."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from statements(node.orelse, everywhere=everywhere)
            continue
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not everywhere:
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from statements(getattr(node, name, []), everywhere=everywhere)
        for handler in getattr(node, "handlers", []):
            yield from statements(handler.body, everywhere=everywhere)


def imports(path: Path, *, everywhere: bool) -> set[str]:
    """Dotted names that a file imports (`from a import b` gives `a` and `a.b`)."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    names: set[str] = set()
    for node in statements(tree.body, everywhere=everywhere):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def test_the_top_level_holds_only_what_is_agreed() -> None:
    """Nothing but the agreed folders and files, and dotfiles, lies at the top."""
    found = {path.parts[0] for path in tracked()}
    assert {name for name in found if not name.startswith(".")} <= TOP_LEVEL
    assert {"cxconfig", "providers", "tests", "tools", "pyproject.toml", "Makefile", "LICENSE"} <= found


def test_the_lock_pins_with_hashes_and_names_no_host() -> None:
    """Every requirement has one exact version and hashes, and no line says where to fetch from."""
    lock = (ROOT / "tools" / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert len(entries) > 40
    assert [entry for entry in entries if not re.match(r"[a-z0-9-]+==[\w.]+\b[^\n]*\\\n\s+--hash=sha256:", entry)] == []
    assert [
        line for line in lock.splitlines() if not re.match(r"[a-z0-9-]+==|    --hash=sha256:[0-9a-f]{64}", line)
    ] == []


def test_the_lock_holds_every_direct_dependency() -> None:
    """Each requirement of pyproject.toml, its extras and its build has a pin in the lock."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~! ;]", text)[0]).lower() for text in wanted} - {"cxconfig"}
    lock = (ROOT / "tools" / "requirements.lock").read_text("utf-8")
    assert names - set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE)) == set()


def test_the_go_module_names_no_registry() -> None:
    """go.mod has requirements alone: no replacement by a path and no address."""
    text = (ROOT / "tools" / "engine" / "go.mod").read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*replace\b", text, re.MULTILINE)
    assert "tool github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" in text


@pytest.mark.parametrize("name", CORE)
def test_the_core_needs_neither_pulumi_nor_httpx(name: str) -> None:
    """Importing a core package loads neither of them, directly or through others."""
    path = ROOT / name.replace(".", "/")
    modules = [name]
    if path.is_dir():
        modules += [module_name(file.relative_to(ROOT)) for file in sorted(path.rglob("*.py"))]
    elif not path.with_suffix(".py").is_file():
        assert not any(module_name(file).startswith(name) for file in tracked() if file.suffix == ".py")
        return
    code = f"import importlib, sys; [importlib.import_module(m) for m in {modules!r}]; sys.stdout.write(' '.join("
    code += "{'pulumi', 'httpx', 'grpc'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_finding_the_engine_does_not_load_pulumi() -> None:
    """The SDK takes seconds to import; `doctor` and the tool that obtains an engine work without it."""
    code = "import cxconfig.engine.locate, cxconfig.cli.doctor, sys; sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_host_does_not_load_a_command_line() -> None:
    """The engine starts a process for the providers in every run, so what that imports is paid for in every run."""
    code = "import providers.dynamic, providers.host, httpx, sys; sys.exit(bool({'click', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_only_the_transport_imports_httpx() -> None:
    """One package holds the policy of every call, so no other may reach the network on its own."""
    users = [path.as_posix() for path in python_files(*LIBRARY) if "httpx" in roots(path)]
    assert users and all(user.startswith("providers/transport/") for user in users)


def test_only_the_dynamic_module_imports_dynamic_providers() -> None:
    """Pulumi is kept to the edge: the provider module, the engine room and the stacks."""
    dynamic = {p.as_posix() for p in python_files(*LIBRARY) if "pulumi.dynamic" in imports(p, everywhere=True)}
    assert dynamic <= {"providers/dynamic.py"}
    users = {path.as_posix() for path in python_files(*LIBRARY) if "pulumi" in roots(path)}
    assert {user for user in users if not user.startswith("cxconfig/engine/")} <= {"providers/dynamic.py"}


def roots(path: Path) -> set[str]:
    """The top-level packages that a file imports anywhere."""
    return {name.split(".")[0] for name in imports(path, everywhere=True)}


def test_no_module_imports_itself_through_others() -> None:
    """The graph of the imports at module level has no circle."""
    modules = {module_name(path): path for path in python_files(*LIBRARY)}
    graph = {name: imports(path, everywhere=False) & modules.keys() - {name} for name, path in modules.items()}
    # `from package import module` names the package too, whose __init__ is run first in any case.
    edges = {name: {t for t in found if not any(o.startswith(f"{t}.") for o in found)} for name, found in graph.items()}
    assert circle(edges) == []


def circle(edges: dict[str, set[str]]) -> list[str]:
    """The first circle found in a graph, as a path, or nothing."""
    done: set[str] = set()

    def visit(name: str, above: list[str]) -> list[str]:
        if name in above:
            return [*above[above.index(name) :], name]
        if name in done:
            return []
        for target in sorted(edges[name]):
            if found := visit(target, [*above, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(edges) if (found := visit(name, []))), [])


def test_a_circle_would_be_found() -> None:
    """The search of the test above finds a circle of three, and none in a diamond."""
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert circle({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == []


def test_no_file_is_too_long() -> None:
    """A source file stays readable: 600 lines at most."""
    sources = [path for path in tracked() if path.suffix in (".py", ".toml", ".sh") or path.name == "Makefile"]
    assert {str(path): n for path in sources if (n := (text_of(path) or "").count("\n")) > LINES} == {}


def test_no_file_names_a_path_of_a_machine() -> None:
    """What is written here works on any machine, so no file tells where one developer's tree lies."""
    found = []
    for path in tracked():
        if path.name in GENERATED or path == Path("tests/test_ground.py"):
            continue
        for number, line in enumerate((text_of(path) or "").splitlines(), 1):
            if MACHINE_PATH.search(line) and "://" not in line:
                found.append(f"{path}:{number}: {line.strip()}")
    assert found == []


def test_a_machine_path_would_be_found() -> None:
    """The pattern of the test above sees paths of a home, a work or a temporary folder, and no part of a URL path."""
    assert (
        MACHINE_PATH.search("cd /work/main") and MACHINE_PATH.search("'/tmp/x'") and MACHINE_PATH.search("/home/jane")
    )
    assert not MACHINE_PATH.search("file:///var/lib/x") and not MACHINE_PATH.search("GET /api/work/items")


def test_the_library_never_prints() -> None:
    """Output goes through the command line's own functions; a library that prints breaks JSON output."""
    prints = [
        f"{path}:{node.lineno}"
        for path in python_files(*LIBRARY)
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert prints == []
