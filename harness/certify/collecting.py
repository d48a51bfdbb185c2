"""The garbage collector while histories pile up."""

import contextlib
import gc
from collections.abc import Iterator

_NEW_OBJECTS = 10_000


@contextlib.contextmanager
def collected_seldom() -> Iterator[None]:
    """What comes is looked through seldom.

    Histories are kept to the end. Python looks for garbage at every 700th new object, and those that histories bring
    are none: it would go through everything there is again and again, to find next to nothing.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
