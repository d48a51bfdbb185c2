"""Keeps Keystone's users as the HR file lists them: python sync_people.py people.csv [--dry-run]"""

import logging
import os
import sys
from datetime import timedelta

from harness.core import Integration, IntegrationError, csv_records
from harness.core.ledger import LeaseHeld, LeaseLost, Ledger, LedgerError
from harness.dialects import KEYSTONE
from harness.dialects.credentials import ClientCredentials

JOB = "hr-to-keystone"
COLUMNS = {"name": "login", "email": "mail"}


def is_staff(user):
    """HR answers for people; service accounts beside them have no address with us."""
    return (user.get("email") or "").endswith("@example.org")


def keystone(run=None):
    credentials = ClientCredentials(os.environ["KEYSTONE_CLIENT"], os.environ["KEYSTONE_SECRET"])
    return Integration(KEYSTONE, base_url=os.environ["KEYSTONE_URL"], credentials=credentials, recorder=run)


def rehearse(file):
    with keystone() as vendor:
        print(vendor.reconcile("users", csv_records(file, fields=COLUMNS), owned=is_staff))


def sync(file, run, lease):
    with keystone(run) as vendor:
        changes = vendor.reconcile("users", csv_records(file, fields=COLUMNS), owned=is_staff)
        report = vendor.apply("users", changes, workers=4, lease=lease)
        for key, reason in report.failed.items():
            logging.error("%s was not written: %s", key, reason)


def main(file, *options):
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        if "--dry-run" in options:
            rehearse(file)
        else:
            ledger = Ledger()
            with ledger.lease(JOB) as lease, ledger.run(JOB, expected_every=timedelta(hours=1)) as run:
                sync(file, run, lease)
    except (IntegrationError, LeaseHeld, LeaseLost, LedgerError) as error:
        sys.exit(f"{JOB} failed: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
