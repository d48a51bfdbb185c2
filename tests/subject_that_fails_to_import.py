"""A subject whose module cannot be imported: what it needs is not installed."""

raise ImportError("no module named 'a_driver_that_is_not_installed'")
