"""Subjects with diseases that no requirement is named after, each once taken for healthy."""

import base64
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.healthy_subject import Healthy
from tests.user_example.acme_integration import Acme

log = logging.getLogger(__name__)


class DiesOfAFailingTokenEndpoint(Healthy):
    """Retries everything but the token."""

    def _token(self) -> str:
        self.tries = 1
        try:
            return super()._token()
        finally:
            del self.tries


class TakesARefusedPasswordForNothing(Healthy):
    """Reads a 401 as an empty tracker."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        try:
            return list(super().pull(collection))
        except Exception as trouble:
            if "401" in str(trouble):
                return []
            raise


class TalksInClear(Healthy):
    """Leaves TLS out."""

    def open(self, access: Any) -> None:
        super().open(replace(access, base_url=access.base_url.replace("https://", "http://")))


class LogsItsTokenInBase64(Healthy):
    """Takes an encoding for a disguise."""

    def _token(self) -> str:
        token = super()._token()
        log.info("signing with %s", base64.b64encode(token.encode()).decode())
        return token


class ReturnsIdsAlone(Healthy):
    """Leaves everything but the id behind."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        return [{"id": record["id"]} for record in super().pull(collection)]


class CreatesDisabled(Healthy):
    """Gives new records a field that nobody asked for."""

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> Any:
        return super().push(collection, [{**record, "enabled": False} for record in records])


class LosesMostOfAcme(Acme):
    """Returns one contact of many."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        return super().pull(collection)[-1:]
