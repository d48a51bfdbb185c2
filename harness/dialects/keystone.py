"""Keystone, the identity service of OpenStack: users, OAuth2 client credentials, tokens that live 20 seconds here."""

from harness.dialects.facts import Collection, Dialect, Errors, Limits, NextLink, OAuth2, WaitForm
from harness.dialects.writing import Activation, ByParam, KeysCompare, Writing

KEYSTONE = Dialect(
    name="keystone",
    product="OpenStack Keystone 30.0.0",
    base_url="https://keystone.test",
    signing=OAuth2(token_path="/v3/OS-OAUTH2/token", client_auth="basic", header="X-Auth-Token", scheme=""),
    collections=(
        Collection(
            name="users",
            path="/v3/users",
            rows=("users",),
            paging=NextLink(path=("links", "next")),
            more=("truncated",),
            volatile=("links",),
            writing=Writing(
                envelope="user",
                finding=ByParam(param="name"),
                defaults=(("domain_id", "default"),),
                activation=Activation(field="enabled"),
                keys=KeysCompare(outer_space="ignored"),
            ),
        ),
    ),
    limits=Limits(
        status=429,
        waits=(WaitForm(header="Retry-After"),),
        body='{"error": {"code": 429, "message": "Too many requests. Retry in {wait_s} seconds.", '
        '"title": "Too Many Requests"}}',
    ),
    errors=Errors(
        code=("error", "code"),
        message=("error", "message"),
        request_id="X-Openstack-Request-Id",
        refused='{"error":{"code":403,"message":"You are not authorized to perform the requested action: '
        'identity:list_users.","title":"Forbidden"}}',
        unauthorized='{"error":{"code":401,"message":"The request you have made requires authentication.",'
        '"title":"Unauthorized"}}',
        in_success_body='{"error":{"code":500,"message":"An unexpected error prevented the server from fulfilling '
        'your request.","title":"Internal Server Error"}}',
        bad_client='{"error":"invalid_client","error_description":"The request you have made requires '
        'authentication."}',
    ),
    pull="pull_users",
    shown_by=(
        ("signing", "token.yaml"),
        ("unauthorized", "token_expires_in_pull.yaml"),
        ("bad_client", "bad_credentials.yaml"),
        ("refused", "forbidden.yaml"),
        ("request_id", "pull_users.yaml"),
        ("paging", "pull_users.yaml"),
        ("more", "pull_users.yaml"),
        ("page_size", "page_size.yaml"),
        ("writing", "push_users.yaml"),
        ("finding", "lookup.yaml"),
        ("changing", "update_user.yaml"),
        ("duplicate", "duplicate_create.yaml"),
        ("activation", "disable_user.yaml; enable_user.yaml"),
        ("keys", "duplicate_create.yaml; create_other_case.yaml"),
        ("key_field", "create_other_case.yaml"),
        ("limits", "RFC 6585 s4: Keystone leaves limits to the proxy in front of it; no recording shows one"),
        ("in_success_body", "no recording shows an error under 200; the document is Keystone's own for a 500"),
    ),
)
