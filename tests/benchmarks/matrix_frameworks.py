"""The frameworks among the core's peers: as they come, and tuned by who knows their documented hooks."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from tests.benchmarks.matrix_peers import CLIENT, LEEWAY_S, SECRET
from tests.benchmarks.matrix_vendor import BASE_URL, PAGE, Style

_EARLY = {
    "dlt": ("dlt.sources.helpers.rest_client.paginators", "dlt.sources.helpers.requests"),
    "airbyte-cdk": ("airbyte_cdk.sources.declarative.concurrent_declarative_source",),
}


def imported(group: str) -> None:
    """Import the group's library before names are replaced: pendulum and pydantic take the real ``datetime`` only."""
    for module in _EARLY.get(group, ()):
        importlib.import_module(module)


# -- dlt -------------------------------------------------------------------------------------------------------------


def _dlt_walk(style: Style, *, margin_s: float = 0.0, **options: Any) -> list[str]:
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
    from dlt.sources.helpers.rest_client.paginators import (
        HeaderLinkPaginator,
        JSONResponseCursorPaginator,
        OffsetPaginator,
    )

    paginators = {
        "link": HeaderLinkPaginator(),
        "cursor": JSONResponseCursorPaginator(cursor_path="next_cursor", cursor_param="cursor"),
        "offset": OffsetPaginator(limit=PAGE, total_path="total"),
    }

    class Auth(OAuth2ClientCredentials):
        def parse_expiration_in_seconds(self, response_json: Any) -> int:
            return int(response_json["expires_in"] - margin_s)

    auth = Auth(access_token_url=f"{BASE_URL}/token", client_id=CLIENT, client_secret=SECRET)
    client = RESTClient(base_url=BASE_URL, auth=auth, paginator=paginators[style], data_selector="users", **options)
    return [user["id"] for page in client.paginate("/users") for user in page]


def dlt(style: Style) -> list[str]:
    """dlt's ``RESTClient`` as its documentation shows it."""
    return _dlt_walk(style)


def dlt_tuned(style: Style) -> list[str]:
    """With a retry condition that looks into the body, and a margin of 60 s."""
    from dlt.sources.helpers.requests import Client

    def failed(reply: Any, error: BaseException | None) -> bool:
        if reply is None:
            return False
        try:
            return reply.json().get("success") is False
        except ValueError:
            return True

    return _dlt_walk(style, session=Client(retry_condition=failed).session, margin_s=LEEWAY_S)


# -- singer-sdk ------------------------------------------------------------------------------------------------------


def _singer_walk(style: Style, stream_options: Callable[[Any], type]) -> list[str]:
    from singer_sdk import RESTStream, Tap
    from singer_sdk import typing as th
    from singer_sdk.authenticators import OAuthAuthenticator
    from singer_sdk.pagination import BaseHATEOASPaginator, BaseOffsetPaginator, JSONPathPaginator

    class Authenticator(OAuthAuthenticator):
        @property
        def oauth_request_body(self) -> dict[str, str]:
            return {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}

    class ByLink(BaseHATEOASPaginator):
        def get_next_url(self, response: Any) -> str | None:
            return response.links.get("next", {}).get("url")

    class ByOffset(BaseOffsetPaginator):
        def has_more(self, response: Any) -> bool:
            return bool(response.json()["total"] > self.current_value + PAGE)

    class Users(RESTStream):
        name, path, url_base, primary_keys = "users", "/users", BASE_URL, ("id",)
        records_jsonpath = "$.users[*]"
        schema = th.PropertiesList(th.Property("id", th.StringType), th.Property("name", th.StringType)).to_dict()

        @property
        def authenticator(self) -> Any:
            if not hasattr(self, "kept"):
                self.kept = Authenticator(
                    client_id=CLIENT, client_secret=SECRET, auth_endpoint=f"{BASE_URL}/token", oauth_scopes="users"
                )
            return self.kept

        def get_new_paginator(self) -> Any:
            return {
                "link": ByLink,
                "cursor": lambda: JSONPathPaginator("$.next_cursor"),
                "offset": lambda: ByOffset(0, PAGE),
            }[style]()

        def get_url_params(self, context: Any, token: Any) -> Any:
            if style == "link":
                return dict(part.split("=") for part in token.query.split("&")) if token else {}
            if style == "offset":
                return {"offset": token or 0}
            return {"cursor": token} if token else {}

    class OneTap(Tap):
        name = "tap-users"
        config_jsonschema = th.PropertiesList().to_dict()

        def discover_streams(self) -> list[Any]:
            return [stream_options(Users)(self)]

    stream = OneTap(config={}).discover_streams()[0]
    return [record["id"] for record in stream.get_records(None)]


def singer(style: Style) -> list[str]:
    """singer-sdk's ``RESTStream.get_records``."""
    return _singer_walk(style, lambda stream: stream)


def singer_tuned(style: Style) -> list[str]:
    """With a look into the body, a new token after a 401, and Retry-After in seconds."""
    from singer_sdk.exceptions import RetriableAPIError

    def tuned(stream: Any) -> type:
        class Tuned(stream):  # type: ignore[misc]
            def validate_response(self, response: Any) -> None:
                if response.status_code == 401:
                    del self.kept
                    raise RetriableAPIError("token", response)
                super().validate_response(response)
                try:
                    failed = response.json().get("success") is False
                except ValueError:
                    failed = True
                if failed:
                    raise RetriableAPIError("an error in the body", response)

            def backoff_wait_generator(self) -> Any:
                def told(error: Any) -> float:
                    reply = getattr(error, "response", None)
                    asked = reply.headers.get("Retry-After", "") if reply is not None else ""
                    return float(asked) if asked.isdigit() else 2.0

                return self.backoff_runtime(value=told)

        return Tuned

    return _singer_walk(style, tuned)


# -- airbyte-cdk -----------------------------------------------------------------------------------------------------


def _airbyte_manifest(style: Style, handler: Mapping[str, Any] | None) -> dict[str, Any]:
    requester: dict[str, Any] = {
        "type": "HttpRequester",
        "url_base": BASE_URL,
        "path": "/users",
        "http_method": "GET",
        "authenticator": {
            "type": "OAuthAuthenticator",
            "token_refresh_endpoint": f"{BASE_URL}/token",
            "client_id": CLIENT,
            "client_secret": SECRET,
            "grant_type": "client_credentials",
        },
    }
    if handler:
        requester["error_handler"] = handler
    page_token: dict[str, Any] = {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "cursor"}
    strategies: dict[Style, dict[str, Any]] = {
        "link": {
            "type": "CursorPagination",
            "cursor_value": "{{ headers['link']['next']['url'] }}",
            "stop_condition": "{{ 'next' not in headers.get('link', {}) }}",
        },
        "cursor": {
            "type": "CursorPagination",
            "cursor_value": "{{ response.get('next_cursor', '') }}",
            "stop_condition": "{{ not response.get('next_cursor') }}",
        },
        "offset": {"type": "OffsetIncrement", "page_size": PAGE},
    }
    paginator: dict[str, Any] = {"type": "DefaultPaginator", "pagination_strategy": strategies[style]}
    paginator["page_token_option"] = {"type": "RequestPath"} if style == "link" else page_token
    if style == "offset":
        paginator["page_token_option"] = {**page_token, "field_name": "offset"}
        paginator["page_size_option"] = {**page_token, "field_name": "limit"}
    return {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["users"]},
        "streams": [
            {
                "type": "DeclarativeStream",
                "name": "users",
                "primary_key": "id",
                "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": {}}},
                "retriever": {
                    "type": "SimpleRetriever",
                    "requester": requester,
                    "record_selector": {
                        "type": "RecordSelector",
                        "extractor": {"type": "DpathExtractor", "field_path": ["users"]},
                    },
                    "paginator": paginator,
                },
            }
        ],
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    }


def _airbyte_walk(style: Style, handler: Mapping[str, Any] | None) -> list[str]:
    import logging

    from airbyte_cdk.models import AirbyteStream, ConfiguredAirbyteCatalog, ConfiguredAirbyteStream, SyncMode
    from airbyte_cdk.models import DestinationSyncMode as Destination
    from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

    full = SyncMode.full_refresh
    stream = AirbyteStream(name="users", json_schema={}, supported_sync_modes=[full])
    chosen = ConfiguredAirbyteStream(stream=stream, sync_mode=full, destination_sync_mode=Destination.overwrite)
    catalog = ConfiguredAirbyteCatalog(streams=[chosen])
    source = ConcurrentDeclarativeSource(
        catalog=catalog, config={}, state=[], source_config=_airbyte_manifest(style, handler)
    )
    messages = source.read(logging.getLogger("airbyte"), {}, catalog, [])
    return [message.record.data["id"] for message in messages if message.record]


def airbyte(style: Style) -> list[str]:
    """airbyte-cdk's declarative source."""
    return _airbyte_walk(style, None)


def airbyte_tuned(style: Style) -> list[str]:
    """With a new token after a 401, a predicate on the body, and both kinds of waiting time."""
    filters = [
        {"type": "HttpResponseFilter", "action": "REFRESH_TOKEN_THEN_RETRY", "http_codes": [401]},
        {"type": "HttpResponseFilter", "action": "RETRY", "predicate": "{{ response.get('success') == false }}"},
        {"type": "HttpResponseFilter", "action": "RATE_LIMITED", "http_codes": [429]},
        {"type": "HttpResponseFilter", "action": "RETRY", "http_codes": [500, 502, 503, 504]},
    ]
    waits = [
        {"type": "WaitTimeFromHeader", "header": "Retry-After"},
        {"type": "WaitUntilTimeFromHeader", "header": "X-RateLimit-Reset"},
    ]
    return _airbyte_walk(
        style, {"type": "DefaultErrorHandler", "response_filters": filters, "backoff_strategies": waits}
    )
