"""Texts of the rules, in every language that the registry explains in."""

from __future__ import annotations

from dataclasses import dataclass

from registry.domain.reading import Node


@dataclass(frozen=True, slots=True)
class Text:
    """One text in English and in Korean."""

    en: str
    ko: str

    @classmethod
    def of(cls, node: Node) -> Text:
        """Read a table with the members ``en`` and ``ko``.

        Raises:
            InvalidInputError: it has others, or one of them is empty; figure ``pointer``.
        """
        node.only("en", "ko")
        return cls(_written(node.member("en")), _written(node.member("ko")))

    def in_language(self, tag: str) -> str:
        """Answer it in the language of a BCP 47 tag; in English where it is not there in that language."""
        return self.ko if tag.lower().split("-")[0] == "ko" else self.en


def _written(node: Node) -> str:
    text = node.text().strip()
    if not text:
        raise node.refuse("there is no text")
    return text
