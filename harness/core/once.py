"""Addresses that are good for one create: a vendor that gives them out lets no create happen twice."""

from harness.core.client import Client
from harness.core.documents import at
from harness.core.errors import LeadsElsewhere
from harness.core.pages import origin
from harness.core.replies import Answer
from harness.core.transport import Outgoing
from harness.dialects.writing import PostOnce


def bought(client: Client, creating: PostOnce, outgoing: Outgoing) -> str:
    """The address that answers the request; asked for again where that can help, for it changes no record.

    Raises:
        LeadsElsewhere: It is on another host, where no credentials are sent.
        IntegrationError: It could not be had.
    """

    def read(answer: Answer) -> str:
        address = at(answer.document, creating.address)
        if not isinstance(address, str) or not address:
            raise answer.malformed("the answer holds no address")
        if origin(address) != origin(outgoing.url):
            raise LeadsElsewhere("the vendor sends a create to another host", answer.context)
        return address

    return client.ask(outgoing, read)
