"""Ways in which a certificate's folder comes to be no certificate; each spoils the folder in its place."""

import json
import shutil


def no_certificate(folder):
    """It holds everything but the certificate."""
    (folder / "certificate.json").unlink()


def cut(folder):
    """The certificate ends in the middle."""
    path = folder / "certificate.json"
    path.write_bytes(path.read_bytes()[:-200])


def of_another_schema(folder):
    """A later version wrote it."""
    path = folder / "certificate.json"
    path.write_text(path.read_text().replace("harness.certificate/1", "harness.certificate/2"))


def lacking_a_part(folder):
    """A requirement is a number."""
    path = folder / "certificate.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "requirements": [7]}))


def lacking_histories(folder):
    """No history is there."""
    shutil.rmtree(folder / "histories")


def lacking_one_history(folder):
    """The last history is not there."""
    max((folder / "histories").iterdir()).unlink()
