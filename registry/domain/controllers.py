"""The controller: who answers for a registry, and where what it holds is kept. Every consent receipt names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Controller:
    """Who runs the registry, as the law needs them named. What is not known is None, and is never made up.

    Attributes:
        name: of the organisation.
        address: to which a letter can be sent.
        contact: an e-mail address, a telephone number or a page.
        jurisdiction: whose law applies: an ISO 3166-1 code such as ``KR``, or ``EU``.
        storage_location: where the data is, such as ``Seoul, KR``.
    """

    name: str | None = None
    address: str | None = None
    contact: str | None = None
    jurisdiction: str | None = None
    storage_location: str | None = None

    @property
    def unnamed(self) -> list[str]:
        """What is not known of them, by name."""
        known = {
            "name": self.name,
            "address": self.address,
            "contact": self.contact,
            "jurisdiction": self.jurisdiction,
            "storage_location": self.storage_location,
        }
        return [each for each, value in known.items() if not value]


UNNAMED = Controller()
"""Nobody has said who answers for the registry."""
