"""How the healthy subject's bytes travel by ``requests``, for diseases that depend on that library."""

from typing import Any

import requests


class BoundedSession(requests.Session):
    """Reads no more of a body than anybody can want."""

    most_bytes = 4 * 2**20

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        reply = super().send(request, **{**options, "stream": True})
        body = bytearray()
        for part in reply.iter_content(2**16):
            body += part
            if len(body) > self.most_bytes:
                reply.close()
                raise requests.exceptions.ContentDecodingError(f"the body has more than {self.most_bytes} bytes")
        reply._content = bytes(body)
        return reply


class ByRequests:
    """Put before ``Broken``; ``_session`` is what it sends by."""

    session: type[requests.Session] = BoundedSession

    def open(self, access: Any) -> None:
        super().open(access)
        self._session = self.session()
        # Reading the environment again for each request is a quarter of what the request costs.
        self._session.trust_env = False

    def close(self) -> None:
        super().close()
        self._session.close()

    def _transmit(self, method: str, url: str, **request: Any) -> requests.Response:
        # Without auth of its own, requests would put a password of ~/.netrc in.
        request.setdefault("auth", lambda prepared: prepared)
        return self._session.request(method, url, timeout=self.timeout_s, allow_redirects=False, **request)
