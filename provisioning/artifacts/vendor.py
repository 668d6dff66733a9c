"""What artifacts for routers without a shell have in common: their driver asks them, and compares by meaning."""

from __future__ import annotations

from provisioning.texts import Texts


class VendorRouter:
    """An artifact of one text, of which the router itself holds more than is ours."""

    def recognised(self, running: Texts, desired: Texts) -> Texts:  # noqa: ARG002 - the protocol's signature
        """What runs is compared by what it means already, whoever typed it."""
        return running

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's signature
        """None: a router knows pools, not lines."""
        return ()
