"""What a notice says: its elements, what is missing of them, and the document that somebody reads, in two languages.

The document says who claims what, by which form, what the evidence of the case supports, and how it is answered. It
says of nothing that it infringes. What the claimant wrote stands behind ``>`` on every line, so that nothing in it can
pass for what the registry says.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from registry.domain.conclusions import Conclusion
from registry.domain.reviews import Considered, Exclusion
from registry.domain.rules.notice_packs import Element, ElementKind, KnownFrom, NoticePack, Term
from registry.domain.rules.packs import Standing
from registry.domain.rules.texts import Text
from registry.errors import ConflictError, InvalidInputError

LANGUAGES = ("en", "ko")
MOST_MATERIALS = 50


@dataclass(frozen=True, slots=True)
class Material:
    """One thing that a notice is about.

    Attributes:
        what: it is, in words.
        location: where it is, such as an address.
        sha256: of the recording, where it is known; it has to be one that the case knows.
    """

    what: str
    location: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """Everything that a notice says.

    Attributes:
        notice_id, case_id: of the notice, and of the case that it rests on.
        pack: that it follows.
        language: that it is in: ``en`` or ``ko``.
        recipient: name of the organisation that it goes to.
        product: that the case is about.
        elements: what was written, by the key of the element.
        affirmed: keys of the statements that the claimant makes.
        materials: what it is about.
        considered: exclusions that were considered.
        conclusion: of the case.
        rests_on: on what that rests: ``recordings``, ``documents``, ``both``, or nothing where nobody said.
        grounds: of that, as the registry proposed it.
    """

    notice_id: str
    case_id: str
    pack: NoticePack
    language: str
    recipient: str
    product: str
    elements: Mapping[str, str]
    affirmed: Collection[str]
    materials: Sequence[Material]
    considered: Sequence[Considered]
    conclusion: Conclusion | None
    rests_on: str | None
    grounds: str


# --- what is missing -------------------------------------------------------------------------------------------------


def require_known_elements(pack: NoticePack, elements: Collection[str], affirmed: Collection[str]) -> None:
    """Refuse what the pack has no place for.

    Raises:
        InvalidInputError: a key that is not there, text for a statement, or a statement of what is none; ``unknown``.
    """
    written = {each.key for each in pack.elements if each.kind in {ElementKind.TEXT, ElementKind.SIGNATURE}}
    stated = {each.key for each in pack.elements if each.kind is ElementKind.STATEMENT}
    unknown = sorted({*(set(elements) - written), *(set(affirmed) - stated)})
    if unknown:
        raise InvalidInputError(
            f"the pack {pack.id} has no place for {', '.join(unknown)}: it takes text for {', '.join(sorted(written))} "
            f"and states {', '.join(sorted(stated))}",
            unknown=unknown,
            written=sorted(written),
            stated=sorted(stated),
        )


def missing_elements(
    pack: NoticePack, elements: Mapping[str, str], affirmed: Collection[str], materials: Sequence[Material]
) -> tuple[str, ...]:
    """Answer the keys of the elements that are not there yet, in the order of the pack."""
    there = {key for key, text in elements.items() if text.strip()} | set(affirmed)
    there |= {each.key for each in pack.elements if each.kind is ElementKind.MATERIALS and materials}
    return tuple(each.key for each in pack.elements if each.key not in there)


def require_whole(content: NoticeContent) -> None:
    """Refuse a notice that lacks an element, or that somebody may need no leave for.

    Raises:
        ConflictError: an element is missing, or an exclusion was not considered, or applies; figures ``missing``,
            ``not_considered`` and ``applies``.
    """
    missing = list(missing_elements(content.pack, content.elements, content.affirmed, content.materials))
    thought_of = {each.exclusion for each in content.considered}
    not_considered = [each.value for each in Exclusion if each not in thought_of]
    applies = [each.exclusion.value for each in content.considered if each.applies]
    if missing or not_considered:
        raise ConflictError(
            f"the notice is not complete: missing {', '.join(missing) or 'no element'}; not considered "
            f"{', '.join(not_considered) or 'no exclusion'}",
            missing=missing,
            not_considered=not_considered,
            applies=applies,
        )
    if applies:
        raise ConflictError(
            f"by what was considered this needs nobody's leave ({', '.join(applies)}): withdraw the notice",
            missing=missing,
            not_considered=not_considered,
            applies=applies,
        )


# --- the document ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a document.

    Attributes:
        heading: of it; empty for what stands under the title.
        said: by the registry, one paragraph each.
        quoted: what the claimant wrote, or None.
    """

    heading: str
    said: tuple[str, ...] = ()
    quoted: str | None = None


@dataclass(frozen=True, slots=True)
class Documents:
    """One notice as it may be sent, in two forms that say the same.

    Attributes:
        text: in Markdown that reads as plain text.
        page: in HTML that needs nothing from anywhere.
    """

    text: str
    page: str

    @property
    def digests(self) -> Mapping[str, str]:
        """The SHA-256 of each form's bytes in UTF-8, by its media type."""
        forms = {"text/markdown": self.text, "text/html": self.page}
        return {kind: sha256(form.encode()).hexdigest() for kind, form in forms.items()}


def documents_of(content: NoticeContent) -> Documents:
    """Answer a notice as it is read: the same bytes for the same content."""
    title, parts = parts_of(content, content.language)
    return Documents(as_text(title, parts), _as_page(title, parts, content.language))


def parts_of(content: NoticeContent, language: str) -> tuple[str, tuple[Part, ...]]:
    """Answer the title and the parts of a notice, with what the registry says in ``language``.

    What the claimant wrote, and the statements that they make, stay in the language of the notice.
    """
    return content.pack.title.in_language(language), tuple(_parts(content, _Words(language)))


def _parts(content: NoticeContent, words: _Words) -> Iterator[Part]:
    pack = content.pack
    yield Part(
        "",
        (
            words(_ABOUT).format(notice=content.notice_id, case=content.case_id, recipient=content.recipient),
            words(_FORM).format(pack=pack.id, edition=pack.edition, source=pack.source, sha256=pack.sha256),
            words(_STANDINGS[pack.standing]),
            words(pack.remark),
        ),
    )
    for element in pack.elements:
        yield _element_part(element, content, words)
    yield _evidence_part(content, words)
    considered = tuple(
        f"{words(_EXCLUSIONS[each.exclusion])} {words(_APPLIES if each.applies else _DOES_NOT_APPLY)}"
        for each in content.considered
    )
    reasons = "\n".join(f"{each.exclusion.value}: {each.reason}" for each in content.considered)
    yield Part(words(_CONSIDERED), considered, reasons or None)
    put_back = pack.term(Term.PUT_BACK)
    term = (words(_PUT_BACK).format(days=put_back.days, citation=put_back.source.citation),) if put_back else ()
    yield Part(words(_ANSWERING), (words(_HOW_TO_ANSWER), *term))


def considered_in_words(parts: Sequence[Part], language: str) -> tuple[Part, ...]:
    """Answer parts for a page: where the document has a reason under the key of a use, the use itself stands there.

    Args:
        parts: of a notice.
        language: that the registry speaks in them.
    """
    words = _Words(language)
    return tuple(
        replace(part, quoted=_uses_named(part.quoted, words))
        if part.quoted is not None and part.heading == words(_CONSIDERED)
        else part
        for part in parts
    )


def _uses_named(reasons: str, words: _Words) -> str:
    named = reasons.splitlines()
    for exclusion, use in _EXCLUSIONS.items():
        key = f"{exclusion.value}: "
        at = next((number for number, line in enumerate(named) if line.startswith(key)), None)
        if at is not None:
            named[at] = f"{words(use).removesuffix('.')}: {named[at].removeprefix(key)}"
    return "\n".join(named)


def _element_part(element: Element, content: NoticeContent, words: _Words) -> Part:
    said = (f"{element.source.citation} — {words(_KNOWN[element.source.known_from])}",)
    heading = words(element.label)
    if element.kind is ElementKind.STATEMENT:
        made = element.words if element.key in content.affirmed else None
        stated = None if made is None else made.in_language(content.language)
        return Part(heading, said, stated)
    if element.kind is ElementKind.MATERIALS:
        return Part(heading, said, "\n".join(_material(each) for each in content.materials) or None)
    return Part(heading, said, content.elements.get(element.key) or None)


def _material(material: Material) -> str:
    digest = f" (SHA-256 {material.sha256})" if material.sha256 else ""
    return f"{material.what}: {material.location}{digest}"


def _evidence_part(content: NoticeContent, words: _Words) -> Part:
    concluded = _CONCLUDED if content.conclusion is Conclusion.SUPPORTS_P else _NOT_CONCLUDED
    said = [words(concluded).format(case=content.case_id, product=_one_line(content.product))]
    rests_on = _RESTS_ON.get(content.rests_on or "")
    said += [words(rests_on)] if rests_on else []
    return Part(words(_EVIDENCE), (*said, words(_NO_COURT)), content.grounds or None)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def as_text(title: str, parts: Sequence[Part]) -> str:
    """Answer a document in Markdown that reads as plain text."""
    lines = [f"# {title}"]
    for part in parts:
        lines += ["", f"## {part.heading}"] if part.heading else []
        for paragraph in part.said:
            lines += ["", paragraph]
        if part.quoted is not None:
            lines += ["", *(f"> {line}".rstrip() for line in part.quoted.splitlines())]
    return "\n".join(lines) + "\n"


def _as_page(title: str, parts: Sequence[Part], language: str) -> str:
    body = [f"<h1>{html.escape(title)}</h1>"]
    for part in parts:
        body += [f"<h2>{html.escape(part.heading)}</h2>"] if part.heading else []
        body += [f"<p>{html.escape(paragraph)}</p>" for paragraph in part.said]
        if part.quoted is not None:
            body.append(
                f"<blockquote>{'<br>'.join(html.escape(line) for line in part.quoted.splitlines())}</blockquote>"
            )
    named = f"<title>{html.escape(title)}</title>"
    style = f"<style>{_PAGE_STYLE}</style>"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{named}{style}'
    opened, closed = f'<!doctype html>\n<html lang="{language}">\n<head>{head}</head>\n<body>', "</body>\n</html>\n"
    return "\n".join([opened, *body, closed])


_PAGE_STYLE = (
    "body { max-width: 46rem; margin: 1.5rem auto; padding: 0 1rem; color: #111; background: #fff; "
    "font: 11pt/1.5 system-ui, sans-serif; overflow-wrap: anywhere; } :lang(ko) { word-break: keep-all; } "
    "h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; break-after: avoid; } "
    "blockquote { margin: .5rem 0; padding-left: .9rem; border-left: 3px solid #888; } "
    "@page { size: A4; margin: 18mm; } @media print { body { max-width: none; margin: 0; padding: 0; } }"
)
"""Of a page that is served: it reads at 360 px as on paper."""


@dataclass(frozen=True, slots=True)
class _Words:
    """What a document is worded in."""

    language: str

    def __call__(self, text: Text) -> str:
        return text.in_language(self.language)


_ABOUT = Text(
    "Notice {notice} to {recipient}. It rests on case {case} of the registry, in which both sides were heard.",
    "{recipient}에 대한 통지 {notice}. 양측의 의견을 들은 등록소의 분쟁 {case}에 근거합니다.",
)
_FORM = Text(
    "Form: {pack}, edition {edition} (SHA-256 {sha256}). Source: {source}.",
    "서식: {pack}, 제{edition}판 (SHA-256 {sha256}). 출처: {source}.",
)
_STANDINGS: Mapping[Standing, Text] = {
    Standing.IN_FORCE: Text("The law that the form follows is in force.", "이 서식이 따르는 법률은 시행 중입니다."),
    Standing.PENDING: Text("What the form follows is not law.", "이 서식이 따르는 것은 아직 법률이 아닙니다."),
    Standing.CONTRACT: Text(
        "The form follows an agreement, which binds those who made it.",
        "이 서식은 합의를 따르며, 합의한 당사자만을 구속합니다.",
    ),
    Standing.GUIDANCE: Text("The form follows advice.", "이 서식은 권고를 따릅니다."),
}
_KNOWN: Mapping[KnownFrom, Text] = {
    KnownFrom.PRIMARY_TEXT: Text("read in its text", "원문에서 확인함"),
    KnownFrom.SECONDARY_TEXT: Text("as others report it: verify", "2차 자료에 따름: 확인 필요"),
    KnownFrom.MEMORY: Text("from memory: verify", "기억에 따름: 확인 필요"),
    KnownFrom.PRACTICE: Text("practice of this registry", "이 등록소의 실무"),
}
_EVIDENCE = Text("What the evidence supports", "증거가 뒷받침하는 것")
_CONCLUDED = Text(
    "About “{product}”, the registry concludes in case {case} that the evidence supports that the voice is the "
    "performer's. Its grounds stand below.",
    "등록소는 분쟁 {case}에서 “{product}”에 관하여, 증거가 실연자의 목소리임을 뒷받침한다고 결론지었습니다. "
    "그 근거는 아래와 같습니다.",
)
_RESTS_ON: Mapping[str, Text] = {
    "recordings": Text("It rests on a comparison of recordings.", "녹음의 비교에 근거합니다."),
    "documents": Text(
        "It rests on documents, and not on a comparison of recordings.", "녹음의 비교가 아니라 문서에 근거합니다."
    ),
    "both": Text("It rests on a comparison of recordings and on documents.", "녹음의 비교와 문서에 근거합니다."),
}
_NOT_CONCLUDED = Text(
    "About “{product}”, nothing is concluded in case {case} that this notice could rest on.",
    "분쟁 {case}에서 “{product}”에 관하여 이 통지가 근거할 결론은 아직 없습니다.",
)
_NO_COURT = Text(
    "The registry says what evidence supports, and who claims what. Whether a right is infringed is for a court.",
    "등록소는 증거가 무엇을 뒷받침하는지와 누가 무엇을 주장하는지를 밝힐 뿐입니다. 권리 침해 여부는 법원이 판단합니다.",
)
_CONSIDERED = Text("Uses that need nobody's leave, as they were considered", "허락이 필요 없는 이용인지 검토한 결과")
_APPLIES = Text("It applies.", "해당합니다.")
_DOES_NOT_APPLY = Text("It does not apply.", "해당하지 않습니다.")
_EXCLUSIONS: Mapping[Exclusion, Text] = {
    Exclusion.NEWS: Text("News, public affairs or sport.", "뉴스, 공적 사안 또는 스포츠."),
    Exclusion.DOCUMENTARY: Text("A documentary, historical or biographical work.", "다큐멘터리, 역사물 또는 전기물."),
    Exclusion.COMMENTARY: Text(
        "Comment, criticism, scholarship, satire or parody.", "논평, 비평, 학술, 풍자 또는 패러디."
    ),
    Exclusion.FLEETING: Text("Fleeting.", "순간적인 이용."),
    Exclusion.ADVERTISEMENT: Text("An advertisement for one of these.", "위 이용에 대한 광고."),
}
_ANSWERING = Text("How it is answered", "답하는 방법")
_HOW_TO_ANSWER = Text(
    "Whoever receives it can say otherwise: by a counter-statement, filed with the registry, by which the case is "
    "opened again. Nothing follows from this notice by itself.",
    "통지를 받은 쪽은 등록소에 반박 진술을 제출할 수 있으며, 그러면 분쟁이 다시 열립니다. "
    "이 통지만으로 자동으로 이루어지는 조치는 없습니다.",
)
_PUT_BACK = Text(
    "After a counter-statement the claimant has {days} days to file an action; else what was taken down may be shown "
    "again ({citation}).",
    "반박 진술이 제출되면 청구인은 {days}일 안에 소를 제기할 수 있으며, "
    "그렇지 않으면 내렸던 것을 다시 공개할 수 있습니다({citation}).",
)
