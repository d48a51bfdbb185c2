"""Makes ``pytest scenarios`` take the options of ``harness certify``."""

from harness.plugin import (  # noqa: F401
    certification,
    pull,
    push,
    pytest_addoption,
    pytest_collect_file,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_generate_tests,
    pytest_sessionfinish,
    pytest_sessionstart,
)
