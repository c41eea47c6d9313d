"""Catalogues of translated words: English is written in the source, every other language in a ``.po`` file beside it.

A room that speaks to people keeps ``locale/<language>.po``, which translates what lies in the room and not in another
room inside it. What is committed is the text that translators edit; nothing is compiled beforehand. `problems_of` says
what such a file lacks, for tests.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry.errors import InvalidInputError

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

SOURCE_LANGUAGE: Final = "en"
_KEYWORDS: Final = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
"""What marks a sentence in the source, and which arguments are its words; ``N_`` marks one that is looked up later."""

_METHODS: Final = {".py": "python", ".html": "jinja2.ext:babel_extract", ".svg": "jinja2.ext:babel_extract"}
_PLACEHOLDER: Final = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@cache
def translations(directory: Path, language: str, *more: Path) -> gettext.NullTranslations:
    """Answer the words of a language: what is not translated, or only guessed (fuzzy), stays English.

    Args:
        directory: that holds ``<language>.po``.
        language: a language tag, such as ``ko``; ``en`` needs no file.
        more: directories of other rooms, whose words are there as well; where two say a sentence, the first does.

    Raises:
        InvalidInputError: there is no such language here; figure ``languages``.
    """
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    known = languages(directory)
    if language not in known:
        raise InvalidInputError(
            f"there is no text in {language[:35]!r} here; there is {', '.join(known)}", languages=list(known)
        )
    from babel.messages.mofile import write_mo

    whole = read_catalogue(directory / f"{language}.po")
    for other in more:
        for message in _messages(read_catalogue(other / f"{language}.po")):
            if whole.get(message.id, message.context) is None:
                whole[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def languages(directory: Path) -> tuple[str, ...]:
    """Answer the languages that a directory has words in, English first."""
    others = sorted(path.stem for path in directory.glob("*.po") if _LANGUAGE.fullmatch(path.stem))
    return (SOURCE_LANGUAGE, *others)


def read_catalogue(path: Path) -> Catalog:
    """Read a ``.po`` file, and refuse one that is damaged."""
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def extracted(sources: Iterable[Path]) -> Catalog:
    """Answer every sentence that is marked for translation in these files, or in the files under these folders."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_file

    found = Catalog()
    for path in _files(sources):
        options = {"encoding": "utf-8", "silent": "false", "trimmed": "true"}
        marked = extract_from_file(_METHODS[path.suffix], path, _KEYWORDS, ("Translators:",), options)
        for _line, words, comments, context in marked:
            found.add(words, auto_comments=comments, context=context)
    return found


def update(path: Path, sources: Iterable[Path]) -> None:
    """Bring a ``.po`` file up to the source: what is new stands there empty, what is gone goes.

    A sentence that changed is never given the old translation as a guess: it is translated anew.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    catalogue = read_catalogue(path) if path.exists() else Catalog(locale=path.stem, fuzzy=False)
    catalogue.update(extracted(sources), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, omit_header=True, no_location=True, sort_output=True)


def problems_of(directory: Path, language: str, sources: Sequence[Path]) -> list[str]:
    """Say what a ``.po`` file lacks against the source, a line for each: empty when it is whole.

    Named are sentences that are missing, untranslated, fuzzy or obsolete, and placeholders that differ.

    Args:
        directory: that holds ``<language>.po``.
        language: of the file.
        sources: files, or folders with files, whose marked sentences it translates.
    """
    path = directory / f"{language}.po"
    if not path.exists():
        return [f"there is no {path.name}"]
    catalogue, source = read_catalogue(path), extracted(sources)
    return [*_lacking(catalogue, source), *_flawed(catalogue, source)]


def _lacking(catalogue: Catalog, source: Catalog) -> Iterator[str]:
    for wanted in _messages(source):
        there = catalogue.get(wanted.id, wanted.context)
        if there is None:
            yield f"missing: {_named(wanted)}"
        elif not all(_texts(there.string)):
            yield f"untranslated: {_named(wanted)}"


def _flawed(catalogue: Catalog, source: Catalog) -> Iterator[str]:
    for message in _messages(catalogue):
        if source.get(message.id, message.context) is None:
            yield f"obsolete: {_named(message)}"
        if message.fuzzy:
            yield f"fuzzy: {_named(message)}"
        if not _placeholders_agree(message):
            yield f"placeholders differ: {_named(message)}"
    for message in catalogue.obsolete.values():
        yield f"obsolete: {_named(message)}"


def _placeholders_agree(message: Message) -> bool:
    """Whether a translation fills in what its source does, no more and no less; a plural may leave the number out."""
    wanted = [set(_PLACEHOLDER.findall(text)) for text in _texts(message.id)]
    every = set().union(*wanted)
    return all(set(_PLACEHOLDER.findall(text)) in [every, *wanted] for text in _texts(message.string) if text)


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _texts(of: str | Sequence[str] | None) -> tuple[str, ...]:
    """Answer one text, or those of a plural; nothing translated is one empty text."""
    return (of or "",) if isinstance(of, str) or of is None else tuple(of)


def _named(message: Message) -> str:
    text = _texts(message.id)[0]
    return f"{message.context}|{text}" if message.context else text


def _files(sources: Iterable[Path]) -> Iterator[Path]:
    for source in sources:
        if source.is_file():
            yield source
        else:
            yield from sorted(path for path in source.rglob("*") if path.suffix in _METHODS and _is_of(path, source))


def _is_of(path: Path, room: Path) -> bool:
    """Whether a file is said by a room, and not by a room inside it, which has a ``locale`` of its own."""
    inside = path.relative_to(room).parents
    return not any((room / each / "locale").is_dir() for each in inside if each != Path())
