"""The bare loop: `python -m tests.bench.bare COUNT [scim]` reads as many users with plain httpx and prints how many.

One token, 16 threads on 16 connections, and nothing else: no comparison, no retries, no look at what came.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.bench.people import login

CONNECTIONS = 16
TIMEOUT_S = 60.0
PATHS = {
    "user": "/configapi/v2/user/{}",
    "scim": "/configapi/v2/scim/users?filter=userName%20eq%20%22{}%22",
}


def main(count: int, path: str) -> int:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    with httpx.Client(base_url=os.environ["ONECLOUD_URL"], limits=limits, timeout=TIMEOUT_S, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {_token(client)}"

        def read(number: int) -> Any:
            return client.get(path.format(login(number))).raise_for_status().json()

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            found = list(pool.map(read, range(count)))
    return len(found)


def _token(client: httpx.Client) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["ONECLOUD_CLIENT_ID"],
        "client_secret": os.environ["ONECLOUD_CLIENT_SECRET"],
        "scope": "acme.example.com",
    }
    return str(client.post("/configapi/v2/oauth/token", data=form).raise_for_status().json()["access_token"])


if __name__ == "__main__":
    way = sys.argv[2] if len(sys.argv) > 2 else "user"
    sys.stdout.write(f"{main(int(sys.argv[1]), PATHS[way])}\n")
