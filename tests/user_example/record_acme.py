"""Records a cassette of Acme's contacts with vcrpy, from an Acme of its own on loopback, then:

    harness certify acme_integration:Acme --cassettes cassettes-acme --dialect acme_dialect:ACME

Against a real Acme the server below falls away, and ``ACME_URL`` is the sandbox account's address.
"""

import json
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import vcr
from acme_integration import Acme

CONTACTS = [{"id": f"c-{n}", "email": f"contact{n}@example.com", "name": f"Contact {n}"} for n in range(1, 24)]
TOKEN = "acme-example-token-" + "0" * 24
RECORDED_AS = "https://api.acme.test"
"""The dialect's ``base_url``: a recording should not remember on which port it was made."""


class AcmeServer(BaseHTTPRequestHandler):
    """Acme, as far as its contacts go."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form.get("client_secret") != ["sandbox-secret"]:
            return self.answer(401, {"error": "invalid_client", "error_description": "Unknown client."})
        return self.answer(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 900})

    def do_GET(self):
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.answer(401, {"error": {"code": "invalid_token", "message": "The access token is not valid."}})
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        first, size = int(query.get("cursor", "0")), int(query.get("limit", "3"))
        following = str(first + size) if first + size < len(CONTACTS) else None
        page = {"contacts": CONTACTS[first : first + size], "next_cursor": following, "total": len(CONTACTS)}
        return self.answer(200, page)

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-Id", secrets.token_hex(8))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def record(folder, acme_url):
    """Pull the contacts once with the cassette running; no secret and no port gets into it."""

    def normalised(request):
        request.uri = request.uri.replace(acme_url, RECORDED_AS)
        return request

    recorder = vcr.VCR(
        record_mode="all",
        before_record_request=normalised,
        filter_headers=["Authorization"],
        filter_post_data_parameters=["client_secret"],
    )
    credentials = SimpleNamespace(client_id="sandbox-client", client_secret="sandbox-secret")
    acme = Acme()
    acme.open(SimpleNamespace(base_url=acme_url, token_url=f"{acme_url}/oauth/token", credentials=credentials))
    with recorder.use_cassette(str(Path(folder) / "pull_contacts.yaml")):
        contacts = acme.pull("contacts")
    acme.close()
    return contacts


def main(folder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), AcmeServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        contacts = record(folder, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
    print(f"{folder}: {len(contacts)} contacts recorded")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "cassettes-acme")
