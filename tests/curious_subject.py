"""Subjects for live runs: one that looks for secrets where it runs, one that is not patient, one that hopes."""

import os
import time
from pathlib import Path

from harness.certify.reference import CoreSubject


class Curious(CoreSubject):
    """Writes down its environment."""

    def open(self, access):
        with Path(os.environ["CURIOUS_FILE"]).open("a") as file:
            file.write("\n".join(f"{name}={value}" for name, value in os.environ.items()) + repr(access))
        super().open(access)


class Impatient(CoreSubject):
    """Gives up when a whole pull takes more than 5.5 s; eleven exchanges of a recording take less."""

    def pull(self, collection):
        began_s = time.monotonic()
        rows = list(super().pull(collection))
        if time.monotonic() - began_s > 5.5:
            raise TimeoutError("the pull took too long")
        return rows


class Hopeful(CoreSubject):
    """Says of a run whose process died that it still goes on."""

    def status(self):
        status = super().status()
        return {**status, "state": "running"} if status["state"] == "crashed" else status
