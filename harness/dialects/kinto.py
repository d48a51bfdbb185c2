"""Kinto, a record store: a record is at the address of its key, writes are conditional, batches answer item by item."""

from harness.dialects.facts import Collection, Dialect, Errors, HttpBasic, Limits, NextHeader, WaitForm
from harness.dialects.writing import Batch, ById, Duplicate, PutNew, Version, Writing

KINTO = Dialect(
    name="kinto",
    product="Kinto 26.5.0",
    base_url="https://kinto.test",
    signing=HttpBasic(),
    collections=(
        Collection(
            name="contacts",
            path="/v1/buckets/crm/collections/contacts/records",
            rows=("data",),
            # Without it records come by their last change, and one that is changed meanwhile moves to another page.
            query=(("_sort", "id"),),
            paging=NextHeader(header="Next-Page"),
            key_field="id",
            volatile=("last_modified",),
            writing=Writing(
                finding=ById(),
                creating=PutNew(),
                envelope="data",
                duplicate=Duplicate(status=412, existing=("details", "existing"), known_id_status=200),
                version=Version(path=("last_modified",), form='"{version}"'),
                # As the recorded server is set; Kinto's own default is 25, and GET /v1/ tells batch_max_requests.
                batch=Batch(path="/v1/batch", most=5, requests=("requests",), answers=("responses",)),
            ),
        ),
    ),
    limits=Limits(
        status=429,
        waits=(WaitForm(header="Retry-After"),),
        hints=(WaitForm(header="Backoff", form="delta_s"),),
        body='{"code": 429, "errno": 117, "error": "Too Many Requests", '
        '"message": "Too many requests; come again in {wait_s} seconds."}',
    ),
    errors=Errors(
        code=("errno",),
        message=("message",),
        in_success=("errno",),
        request_id="",
        refused='{"code":403,"errno":121,"error":"Forbidden","message":"This user cannot access this resource."}',
        unauthorized='{"code":401,"errno":104,"error":"Unauthorized","message":"Please authenticate yourself to use '
        'this endpoint."}',
        in_success_body='{"code":500,"errno":999,"error":"Internal Server Error","message":"A programmatic error '
        'occurred, developers have been informed."}',
    ),
    pull="pull_contacts",
    shown_by=(
        ("paging", "pull_contacts.yaml"),
        ("page_size", "silent_cap.yaml"),
        ("unauthorized", "bad_password.yaml"),
        ("refused", "forbidden.yaml"),
        ("finding", "lookup.yaml"),
        ("creating", "push_contacts.yaml"),
        ("changing", "update_contact.yaml"),
        ("duplicate", "taken.yaml"),
        ("version", "stale_update.yaml"),
        ("keys", "create_other_case.yaml"),
        ("batch", "batch_mixed.yaml; batch_too_large.yaml"),
        ("hints", "pull_contacts.yaml; https://docs.kinto-storage.org/en/stable/api/1.x/backoff.html"),
        (
            "limits",
            "Kinto leaves limits to a proxy; https://docs.kinto-storage.org/en/stable/api/1.x/errors.html",
        ),
        ("in_success_body", "no recording shows an error under 200; the document is Kinto's own for a 500"),
    ),
)
