"""The vendors whose dialect ships with the product, one file each."""

from harness.dialects.facts import Dialect
from harness.dialects.keystone import KEYSTONE
from harness.dialects.kinto import KINTO
from harness.dialects.mediawiki import MEDIAWIKI
from harness.dialects.roundup import ROUNDUP
from harness.dialects.scim import SCIM

SHIPPED: tuple[Dialect, ...] = (KEYSTONE, ROUNDUP, MEDIAWIKI, KINTO, SCIM)

__all__ = ["KEYSTONE", "KINTO", "MEDIAWIKI", "ROUNDUP", "SCIM", "SHIPPED", "Dialect"]
