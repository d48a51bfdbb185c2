"""Peers that need libraries of their own, each group measured in an environment made for it."""

import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.fault_matrix import Cell, from_json
from tests.benchmarks.matrix_frameworks import airbyte, airbyte_tuned, dlt, dlt_tuned, singer, singer_tuned
from tests.benchmarks.matrix_peers import CLIENT, LIGHT, SECRET, Peer, Token, walk
from tests.benchmarks.matrix_vendor import BASE_URL, Style

GROUPS = ("httpx-retries", "azure-core", "dlt", "singer-sdk", "airbyte-cdk")
"""Named after what is installed."""
_STAGE = ("freezegun", "requests", "tenacity")
ROOT = Path(__file__).parents[2]


def measured() -> dict[str, dict[str, Cell]]:
    """The rows of every group whose environment can be made; of the others a line on standard error."""
    rows: dict[str, dict[str, Cell]] = {}
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        for group in GROUPS:
            try:
                rows |= _in_an_environment(group, Path(folder) / group)
            except (subprocess.CalledProcessError, OSError) as error:
                print(f"{group}: not measured: {error}", file=sys.stderr)
    return rows


def _in_an_environment(group: str, folder: Path) -> dict[str, dict[str, Cell]]:
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    quiet = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*quiet, group, *_STAGE], check=True)
    command = [python, "-m", "tests.benchmarks.fault_matrix", "--group", group]
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return from_json(told.stdout.splitlines()[-1])


def peers_of(group: str) -> Mapping[str, Peer]:
    """The peers of the group, by name and version."""
    if group == "light":
        return LIGHT
    name = f"{group} {version(group)}"
    match group:
        case "httpx-retries":
            return {name: httpx_retries}
        case "azure-core":
            return {name: azure_core}
        case "dlt":
            return {name: dlt, f"{name}, tuned": dlt_tuned}
        case "singer-sdk":
            return {name: singer, f"{name}, tuned": singer_tuned}
        case _:
            return {name: airbyte, f"{name}, tuned": airbyte_tuned}


# -- httpx-retries ---------------------------------------------------------------------------------------------------


def httpx_retries(style: Style) -> list[str]:
    """httpx with the transport of httpx-retries."""
    import httpx
    from httpx_retries import Retry, RetryTransport

    with httpx.Client(transport=RetryTransport(retry=Retry(total=5, backoff_factor=1.0))) as client:

        def post(url: str, form: Mapping[str, str]) -> Any:
            return client.post(url, data=dict(form)).raise_for_status().json()

        token = Token(post)

        def get(url: str) -> tuple[dict[str, Any], str]:
            reply = client.get(url, headers=token.header()).raise_for_status()
            return reply.json(), reply.links.get("next", {}).get("url", "")

        return list(walk(style, get))


# -- azure-core ------------------------------------------------------------------------------------------------------


def azure_core(style: Style) -> list[str]:
    """azure-core's pipeline with its retry and bearer token policies."""
    import requests
    from azure.core import PipelineClient
    from azure.core.credentials import AccessToken
    from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
    from azure.core.rest import HttpRequest

    class Credential:
        """Asks through a pipeline of its own, with the same retries."""

        def get_token(self, *scopes: str, **options: Any) -> AccessToken:
            form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
            with PipelineClient(BASE_URL, policies=[RetryPolicy()]) as client:
                reply = client.send_request(HttpRequest("POST", f"{BASE_URL}/token", data=form))
                reply.raise_for_status()
                grant = reply.json()
            return AccessToken(grant["access_token"], int(time.time()) + grant["expires_in"])

    policies = [RetryPolicy(), BearerTokenCredentialPolicy(Credential(), "users")]
    with PipelineClient(BASE_URL, policies=policies) as client:

        def get(url: str) -> tuple[dict[str, Any], str]:
            reply = client.send_request(HttpRequest("GET", url))
            reply.raise_for_status()
            links = requests.utils.parse_header_links(reply.headers.get("link", ""))
            return reply.json(), next((one["url"] for one in links if one.get("rel") == "next"), "")

        return list(walk(style, get))
