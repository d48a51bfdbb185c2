"""Judges histories: requirements, the checkers behind them, and what a run's end is called. No I/O, no clock."""
