"""How the healthy subject writes several records together: it believes each answer about its own record alone."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from tests.healthy_client import Trouble, dig

MOST_AT_ONCE = 5
log = logging.getLogger("healthy")


class HealthyBatches:
    """A part of ``Healthy``."""

    def _provision_together(self, api: Any, records: Sequence[Mapping[str, Any]]) -> None:
        due = list(records)
        for attempt in range(self.tries):
            writes = {one[api.key_field]: write for one in due if (write := self._due(api, one))}
            if not writes:
                return
            try:
                answers = self._sent_together(api, writes)
            except Trouble as trouble:
                if self._too_long(trouble) or not trouble.maybe_done or attempt + 1 == self.tries:
                    raise Trouble(f"{trouble}; records {', '.join(writes)}", status=trouble.status) from trouble
                self._pause(trouble, attempt)
                continue
            due = self._left(api, records, writes, answers)
            if not due:
                return
            self._pause(Trouble(f"left: {[one[api.key_field] for one in due]}"), attempt)
        raise Trouble(f"gave up on {', '.join(str(one[api.key_field]) for one in due)}; last answers: {answers}")

    def _due(self, api: Any, record: Mapping[str, Any]) -> dict[str, Any] | None:
        """The request that makes the vendor hold the record; None where it does."""
        key = record[api.key_field]
        path = f"{api.path}/{key}"
        held = self._at_address(api, key, path)
        if held is None:
            return {"method": "PUT", "path": path, "body": {"data": dict(record)}, "headers": {"If-None-Match": "*"}}
        changed = {name: value for name, value in record.items() if held.get(name) != value}
        version = {"If-Match": f'"{held["last_modified"]}"'}
        return changed and {"method": "PATCH", "path": path, "body": {"data": changed}, "headers": version}

    def _at_address(self, api: Any, key: str, path: str) -> dict[str, Any] | None:
        def holds_a_record(document: dict[str, Any]) -> None:
            if not dig(document, (api.envelope, api.id_field)):
                raise ValueError("the answer holds no record")

        try:
            return self._ask("GET", self.access.base_url + path, key=key, check=holds_a_record)[api.envelope]
        except Trouble as trouble:
            if trouble.status != 404:
                raise
            return None

    def _sent_together(self, api: Any, writes: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        """The answers by record, wherever they stand."""

        def holds_answers(document: dict[str, Any]) -> None:
            if not isinstance(document.get("responses"), list):
                raise ValueError("the answer holds no answers")

        url, body = self.access.base_url + api.batch, {"requests": list(writes.values())}
        told = self._ask("POST", url, json=body, key=" ".join(writes), check=holds_answers)["responses"]
        return {str(one["path"]).rpartition("/")[2]: one for one in told}

    def _left(
        self,
        api: Any,
        records: Sequence[Mapping[str, Any]],
        writes: Mapping[str, Any],
        answers: Mapping[str, Mapping[str, Any]],
    ) -> list[Mapping[str, Any]]:
        """The records to be tried again; Trouble that names those for which it would be in vain."""
        statuses = {key: answers.get(key, {}).get("status", 0) for key in writes}
        for_good = [key for key, status in statuses.items() if 400 <= status < 500 and status != 412]
        if for_good:
            raise Trouble(f"refused for good: {', '.join(for_good)}: {[answers[key] for key in for_good]}")
        return [one for one in records if statuses.get(one[api.key_field], 200) not in (200, 201)]
