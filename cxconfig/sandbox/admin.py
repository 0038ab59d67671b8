"""The admin API below `/_sandbox`: what a test or a person sets and looks at. No authentication, loopback only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from cxconfig.errors import CxconfigError, SettingsError
from cxconfig.sandbox.simulator import Simulator
from cxconfig.sandbox.system import AdminRoute, json_object

PREFIX = "/_sandbox"
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def admin_app(simulator: Simulator) -> Starlette:
    """The ASGI application of the admin API."""
    routes = [*_own_routes(simulator), *(r for system in simulator.systems for r in system.admin_routes())]
    return Starlette(
        routes=[
            Mount(
                PREFIX,
                routes=[
                    *(_json_route(simulator, route) for route in routes),
                    Route("/log", _query_endpoint(simulator, _log), methods=["GET"]),
                    Route("/counts", _query_endpoint(simulator, _counts), methods=["GET"]),
                ],
            )
        ]
    )


def _own_routes(simulator: Simulator) -> list[AdminRoute]:
    """Everything that is the same for all systems."""

    def put_state(_: Mapping[str, str], sent: Any) -> Any:
        simulator.load(json_object(sent))

    def post_switches(_: Mapping[str, str], sent: Any) -> Any:
        simulator.switches.update(json_object(sent))
        return simulator.switches.values()

    def post_faults(_: Mapping[str, str], sent: Any) -> Any:
        return {"ids": [simulator.faults.add(rule) for rule in (sent if isinstance(sent, list) else [sent])]}

    def delete_faults(at: Mapping[str, str], _: Any) -> Any:
        if not simulator.faults.clear(int(at["number"]) if "number" in at else None):
            raise KeyError(at["number"])

    def post_latency(_: Mapping[str, str], sent: Any) -> Any:
        milliseconds = json_object(sent).get("ms")
        if not isinstance(milliseconds, (int, float)) or milliseconds < 0:
            raise SettingsError("no latency", way_out='send {"ms": N}')
        simulator.latency_ms = milliseconds

    def end_tokens(at: Mapping[str, str], _: Any) -> Any:
        if at["how"] not in {"expire", "revoke"}:
            raise KeyError(at["how"])
        for system in simulator.systems:
            system.end_tokens(expired=at["how"] == "expire")

    return [
        AdminRoute("GET", "/state", lambda _, __: simulator.dump()),
        AdminRoute("PUT", "/state", put_state),
        AdminRoute("POST", "/save", lambda _, __: {"file": str(simulator.save())}),
        AdminRoute("GET", "/switches", lambda _, __: simulator.switches.values()),
        AdminRoute("POST", "/switches", post_switches),
        AdminRoute("GET", "/faults", lambda _, __: simulator.faults.listing()),
        AdminRoute("POST", "/faults", post_faults),
        AdminRoute("DELETE", "/faults", delete_faults),
        AdminRoute("DELETE", "/faults/{number:int}", delete_faults),
        AdminRoute("POST", "/latency", post_latency),
        AdminRoute("POST", "/tokens/{how}", end_tokens),
        AdminRoute("DELETE", "/log", lambda _, __: simulator.log.clear()),
    ]


def _log(simulator: Simulator, filters: dict[str, Any]) -> Any:
    return [entry.as_json() for entry in simulator.log.entries(**filters)]


def _counts(simulator: Simulator, filters: dict[str, Any]) -> Any:
    return simulator.log.counts(**filters)


def _json_route(simulator: Simulator, route: AdminRoute) -> Route:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return _guarded(simulator, request, lambda: route.handle(request.path_params, _parsed(body)))

    return Route(route.path, endpoint, methods=[route.method])


def _query_endpoint(
    simulator: Simulator, handle: Callable[[Simulator, dict[str, Any]], Any]
) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        return _guarded(simulator, request, lambda: handle(simulator, _filters(request.query_params)))

    return endpoint


def _guarded(simulator: Simulator, request: Request, work: Callable[[], Any]) -> Response:
    """Do the work under the lock; a page in a browser that resolves its own name to loopback is turned away."""
    if urlsplit(f"//{request.headers.get('host', '')}").hostname not in LOCAL_NAMES:
        return JSONResponse({"error": "the admin API answers on loopback names only"}, 403)
    try:
        with simulator.lock:
            return JSONResponse(work() or {})
    except KeyError as error:
        return JSONResponse({"error": f"there is no {error.args[0]!r}"}, 404)
    except CxconfigError as error:
        return JSONResponse({"error": str(error)}, 400)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        raise SettingsError("the body is not JSON", way_out="send JSON") from None


def _filters(query: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of `RequestLog.entries` from a query."""
    readers: dict[str, Callable[[str], Any]] = {
        "method": str,
        "path": str,
        "status": int,
        "since": int,
        "write": _flag,
        "changed": _flag,
    }
    filters = {}
    for name, text in query.items():
        if name not in readers:
            raise SettingsError(f"there is no filter {name!r}", way_out=f"use one of: {', '.join(readers)}")
        try:
            filters[name] = readers[name](text)
        except ValueError:
            raise SettingsError(f"filter {name} cannot be {text!r}", way_out="use a number") from None
    return filters


def _flag(text: str) -> bool:
    return text.lower() in {"1", "true", "yes"}
