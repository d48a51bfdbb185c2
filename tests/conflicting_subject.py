"""A subject whose module cannot be imported under any calendar: two metaclasses that have nothing in common."""


class One(type):
    """A metaclass."""


class Other(type):
    """Another one."""


class Conflicting(type.__new__(One, "Left", (), {}), type.__new__(Other, "Right", (), {})):
    """Never made."""
