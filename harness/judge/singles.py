"""A batch as the single requests that it is made of: for checkers that judge what became of one record."""

from dataclasses import replace

from harness.stage.history import Exchange


def singles(exchange: Exchange) -> tuple[Exchange, ...]:
    """The requests of a batch as if each had been sent alone; of any other exchange that one.

    Where the batch as a whole was not done, neither was any of them.
    """
    if not exchange.items:
        return (exchange,)
    whole = exchange.error or exchange.limited or exchange.answered_us is None
    return tuple(
        replace(
            exchange,
            point=f"{item.operation}#1",
            record_key=item.record_key,
            write=not item.operation.endswith((".lookup", ".get")),
            status=exchange.status if whole else item.status,
            error=exchange.error if whole else item.error or item.status is None,
            vendor_message=exchange.vendor_message if whole else item.vendor_message,
            items=(),
        )
        for item in exchange.items
    )
