"""A sound integration that stands on a library with dates of its own."""

import time
from datetime import date, timedelta

from tests import dated_library
from tests.healthy_subject import Healthy


class Dated(Healthy):
    """Waits an hour, and sees by the library's calendar that it has passed."""

    def pull(self, collection):
        before = dated_library.stamped()
        time.sleep(3600)
        passed, day = dated_library.stamped() - before, dated_library.Day.today()
        if passed != timedelta(hours=1) or not isinstance(day, date):
            raise RuntimeError(f"an hour took {passed} until {day!r}")
        return super().pull(collection)
