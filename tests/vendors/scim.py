"""scim2-server, a SCIM 2.0 provider, in memory: users behind one bearer token, pages capped in silence."""

import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.vendors.process import NotPossible, Running, environment, local_session, serve, version_of

NAME = "scim"
REQUIREMENTS = ("scim2-server[cursor]==0.8.3",)
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"


def start(
    state: Path, port: int, *, users: Iterable[Mapping[str, str]], page_cap: int, page_size: int, bulk_cap: int = 5
) -> Running:
    """A new server that holds these users; it shows ``page_size`` of them where no count is asked for."""
    programs = environment(state.parent / "scim-env", REQUIREMENTS, log=state / "setup.log")
    config = state / "provider.json"
    config.write_text(json.dumps(_config(page_cap=page_cap, page_size=page_size, bulk_cap=bulk_cap)))
    token = secrets.token_urlsafe(24)
    origin = f"http://127.0.0.1:{port}"
    command = [programs / "scim2-server", "--service-provider-config", config, f"--bearer-token={token}"]
    url = f"{origin}/v2/Users"
    pid = serve([*command, "--port", str(port)], name=NAME, url=url, state=state)
    with local_session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for user in users:
            reply = session.post(url, json={"schemas": [USER], "active": True, **user}, timeout=30)
            if reply.status_code != 201:
                raise NotPossible(f"scim2-server did not take the user {user['userName']}: {reply.text}")
    return Running(
        name=NAME,
        origin=origin,
        state=state,
        pid=pid,
        version=f"scim2-server {version_of('scim2-server', programs / 'python')}",
        configuration=(
            f"in memory, pages of {page_size} where no count is asked for and of at most {page_cap}, "
            f"cursors, at most {bulk_cap} bulk operations"
        ),
        secrets={"token": token},
    )


def _config(*, page_cap: int, page_size: int, bulk_cap: int) -> dict[str, object]:
    supported = {"supported": True}
    return {
        "schemas": [_CONFIG],
        "patch": supported,
        "bulk": supported | {"maxOperations": bulk_cap, "maxPayloadSize": 1_048_576},
        "filter": supported | {"maxResults": page_cap},
        "changePassword": supported,
        "sort": supported,
        "etag": supported,
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": page_size,
            "maxPageSize": page_cap,
        },
    }
