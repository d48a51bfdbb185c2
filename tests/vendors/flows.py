"""What is recorded: every series, in the order in which they are recorded and shown."""

from tests.vendors import series_keystone, series_kinto, series_mediawiki, series_roundup, series_scim
from tests.vendors.series import Flow as Flow
from tests.vendors.series import Series as Series

SERIES: tuple[Series, ...] = (
    *series_keystone.RECORDED,
    *series_roundup.RECORDED,
    *series_mediawiki.RECORDED,
    *series_scim.RECORDED,
    *series_kinto.RECORDED,
)
