"""MediaWiki's action API: status 200 for everything, errors and limits in the body, ``continue`` paging, no total."""

from harness.dialects.facts import Collection, Continue, Dialect, Errors, Limits, Unsigned
from harness.dialects.writing import ByTitle, Duplicate, FormToken, KeysCompare, PostForm, Success, Version, Writing

_FORMAT = (("format", "json"), ("formatversion", "2"))
_EDIT = (("action", "edit"),)

MEDIAWIKI = Dialect(
    name="mediawiki",
    product="MediaWiki 1.39",
    base_url="https://mediawiki.test",
    signing=Unsigned(),
    collections=(
        Collection(
            name="pages",
            path="/api.php",
            rows=("query", "allpages"),
            query=(
                ("action", "query"),
                ("list", "allpages"),
                ("aplimit", "2"),
                *_FORMAT,
            ),
            told_by=("action", "list"),
            paging=Continue(path=("continue",), size_param="aplimit"),
            id_field="pageid",
            key_field="title",
            volatile=("revid", "parentid", "timestamp"),
            writing=Writing(
                finding=ByTitle(
                    param="titles",
                    query=(
                        ("action", "query"),
                        ("prop", "revisions"),
                        ("rvprop", "ids|timestamp|content"),
                        ("rvslots", "main"),
                        *_FORMAT,
                    ),
                    told_by=("action", "prop"),
                    rows=("query", "pages"),
                    absent=("missing", "invalid"),
                    separator="|",
                    respelled=("query", "normalized"),
                ),
                creating=PostForm(told_by=_EDIT, flag="createonly", params=_FORMAT),
                changing=PostForm(told_by=_EDIT, flag="nocreate", params=_FORMAT, absent_code="missingtitle"),
                envelope="edit",
                shown_at=(
                    ("text", ("revisions", 0, "slots", "main", "content")),
                    ("revid", ("revisions", 0, "revid")),
                    ("parentid", ("revisions", 0, "parentid")),
                    ("timestamp", ("revisions", 0, "timestamp")),
                ),
                token=FormToken(
                    query=(("action", "query"), ("meta", "tokens"), *_FORMAT),
                    path=("query", "tokens", "csrftoken"),
                    param="token",
                    refused_code="badtoken",
                ),
                success=Success(path=("edit", "result"), word="Success"),
                duplicate=Duplicate(status=200, code="articleexists"),
                version=Version(
                    path=("revid",),
                    param="baserevid",
                    stale_code="editconflict",
                    before="parentid",
                    told_as="newrevid",
                    told_before_as="oldrevid",
                ),
                keys=KeysCompare(outer_space="ignored", inner_space="runs_are_one", first_letter="capital"),
            ),
        ),
    ),
    limits=Limits(
        status=200,
        codes=("ratelimited",),
        waits=(),
        body='{"error":{"code":"ratelimited","info":"As an anti-abuse measure, you are limited from performing this '
        "action too many times in a short space of time, and you have exceeded this limit. Please try again in a "
        'few minutes."}}',
        headers=(("Content-Type", "application/json; charset=utf-8"), ("MediaWiki-API-Error", "ratelimited")),
    ),
    errors=Errors(
        code=("error", "code"),
        message=("error", "info"),
        request_id="X-Request-Id",
        transient_codes=("ratelimited", "readonly", "maxlag", "internal_api_error_DBQueryError"),
        refused='{"error":{"code":"permissiondenied","info":"The action you have requested is limited to users in the '
        'group: [[VendorWiki:Administrators|Administrators]]."}}',
        refused_status=200,
        unauthorized='{"error":{"code":"assertuserfailed","info":"You are no longer logged in, so the action could '
        'not be completed."}}',
        in_success_body='{"error":{"code":"readonly","info":"The wiki is currently in read-only mode."}}',
    ),
    pull="pull_pages",
    shown_by=(
        ("paging", "pull_pages.yaml"),
        ("finding", "lookup.yaml; missing_item.yaml; invalid_item.yaml"),
        ("creating", "push_pages.yaml"),
        ("changing", "update_page.yaml; saved.yaml"),
        ("token", "form_token.yaml; bad_token.yaml"),
        ("success", "push_pages.yaml; ../mediawiki-captcha/not_done.yaml"),
        ("duplicate", "duplicate_create.yaml"),
        ("version", "edit_conflict.yaml"),
        ("keys", "lookup.yaml; duplicate_create.yaml"),
        ("limits", "rate_limited.yaml"),
        ("errors", "bad_token.yaml"),
        ("refused", "refused.yaml"),
        ("unauthorized", "refused.yaml"),
        ("in_success_body", "read_only.yaml"),
        (
            "transient_codes",
            "rate_limited.yaml and read_only.yaml; https://www.mediawiki.org/wiki/API:Errors_and_warnings",
        ),
    ),
)
