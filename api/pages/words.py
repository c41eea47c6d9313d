"""What the pages say, in each language that they come in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Words = Mapping[str, str]

DEFAULT = "en"

_ENGLISH = {
    "language": "English",
    "registry": "Likeness registry",
    "sign_in": "Sign in",
    "sign_in_by": "Sign in with {provider}",
    "have_link": "If you were given a sign-in link, open it in this browser.",
    "ask_for_link": "If you have none, ask whoever runs this registry for one.",
    "link_title": "You are about to sign in",
    "link_text": "This link signs you in once, in this browser. Press the button to use it now.",
    "link_stranger": "You did not ask for this link? Close this page; without the button nothing happens.",
    "link_button": "Sign in now",
    "account_title": "You are signed in",
    "account_as": "Signed in as",
    "account_role": "Role",
    "account_organisation": "Organisation",
    "account_until": "At the latest until",
    "sign_out": "Sign out",
    "connect_title": "Sign in with {provider} from now on",
    "connect_text": "Connect your identity at {provider} to this account. Of who you are there, the registry keeps no "
    "name and no address, only a digest by which it knows you again.",
    "connect_button": "Connect my identity",
    "go_title": "Continue at {provider}",
    "go_text": "You sign in at {provider} now, and come back here. The identity that you sign in with there will open "
    "this account.",
    "go_button": "Continue to {provider}",
    "connected_title": "Connected",
    "connected_text": "From now on you can sign in with {provider}.",
    "to_account": "To your account",
    "signed_out_title": "You are signed out",
    "signed_out_text": "In this browser. At an identity provider you may still be signed in.",
    "again": "Sign in again",
    "refused_title": "This did not work",
    "refused": "Please try again, or ask whoever runs this registry.",
    "unauthenticated": "This link was used already, is too old, or was not copied whole. Ask for another.",
    "session_ended": "Your session is over. Please sign in again.",
    "cross_site_request": "This request came from another page than the registry's own. Open the registry at its own "
    "address, and do it there.",
    "rate_limited": "Too many attempts from your address. Please wait a minute.",
    "identity_provider_unavailable": "The identity provider does not answer at the moment. Please try again later.",
    "conflict": "People do not sign in that way at this registry.",
    "duplicate": "This identity is connected already. If it is to another account, it has to be disconnected there.",
    "sign_in_refused.not_connected": "Your identity is known there, and connected to no account here. Ask for a "
    "sign-in link; then connect your identity. Nothing of this attempt was kept.",
    "sign_in_refused.refused_there": "The identity provider did not let you in, or you stopped there.",
    "sign_in_refused.flow": "This was begun in another browser, took too long, or was used already. Begin again.",
    "sign_in_refused": "The answer of the identity provider cannot be relied on. Please begin again.",
    "reference": "Reference",
    "role.performer": "performer",
    "role.representative": "representative",
    "role.studio_member": "studio member",
    "role.studio_admin": "studio administrator",
    "role.auditor": "auditor",
    "role.operator": "operator",
}

_KOREAN = {
    "language": "한국어",
    "registry": "초상·음성 등록소",
    "sign_in": "로그인",
    "sign_in_by": "{provider}(으)로 로그인",
    "have_link": "로그인 링크를 받으셨다면 이 브라우저에서 여세요.",
    "ask_for_link": "링크가 없다면 등록소 운영자에게 요청하세요.",
    "link_title": "로그인하시겠습니까?",
    "link_text": "이 링크는 이 브라우저에서 한 번만 쓸 수 있습니다. 버튼을 누르면 바로 로그인됩니다.",
    "link_stranger": "요청한 적이 없는 링크라면 이 창을 닫으세요. 버튼을 누르지 않으면 아무 일도 일어나지 않습니다.",
    "link_button": "지금 로그인",
    "account_title": "로그인되었습니다",
    "account_as": "로그인한 계정",
    "account_role": "역할",
    "account_organisation": "소속",
    "account_until": "세션 만료",
    "sign_out": "로그아웃",
    "connect_title": "앞으로 {provider}(으)로 로그인하기",
    "connect_text": "{provider}의 신원을 이 계정에 연결합니다. 등록소는 그곳의 이름이나 주소를 저장하지 않고, 다시 "
    "알아보는 데 필요한 요약값만 저장합니다.",
    "connect_button": "내 신원 연결",
    "go_title": "{provider}에서 계속하기",
    "go_text": "이제 {provider}에서 로그인한 뒤 이곳으로 돌아옵니다. 앞으로 그 신원으로 이 계정을 열 수 있습니다.",
    "go_button": "{provider}(으)로 이동",
    "connected_title": "연결되었습니다",
    "connected_text": "이제 {provider}(으)로 로그인할 수 있습니다.",
    "to_account": "내 계정으로",
    "signed_out_title": "로그아웃되었습니다",
    "signed_out_text": "이 브라우저에서 로그아웃되었습니다. 신원 제공자에는 아직 로그인되어 있을 수 있습니다.",
    "again": "다시 로그인",
    "refused_title": "처리하지 못했습니다",
    "refused": "다시 시도하거나 등록소 운영자에게 문의하세요.",
    "unauthenticated": "이미 사용했거나, 너무 오래되었거나, 일부만 복사된 링크입니다. 새 링크를 요청하세요.",
    "session_ended": "세션이 끝났습니다. 다시 로그인하세요.",
    "cross_site_request": "등록소가 아닌 다른 페이지에서 온 요청입니다. 등록소 주소를 직접 열어 진행하세요.",
    "rate_limited": "이 주소에서 시도가 너무 많았습니다. 1분 뒤에 다시 시도하세요.",
    "identity_provider_unavailable": "신원 제공자가 지금 응답하지 않습니다. 잠시 뒤 다시 시도하세요.",
    "conflict": "이 등록소에서는 이 방법으로 로그인할 수 없습니다.",
    "duplicate": "이미 연결된 신원입니다. 다른 계정에 연결되어 있다면 그쪽에서 먼저 해제해야 합니다.",
    "sign_in_refused.not_connected": "이 신원은 이곳의 어떤 계정에도 연결되어 있지 않습니다. 로그인 링크를 요청해 "
    "로그인한 뒤 신원을 연결하세요. 이번 시도에 관해 저장된 것은 없습니다.",
    "sign_in_refused.refused_there": "신원 제공자가 로그인을 거절했거나, 그곳에서 중단하셨습니다.",
    "sign_in_refused.flow": "다른 브라우저에서 시작했거나, 시간이 초과되었거나, 이미 사용한 요청입니다. 처음부터 다시 "
    "시작하세요.",
    "sign_in_refused": "신원 제공자의 응답을 신뢰할 수 없습니다. 처음부터 다시 시작하세요.",
    "reference": "문의 번호",
    "role.performer": "실연자",
    "role.representative": "대리인",
    "role.studio_member": "스튜디오 구성원",
    "role.studio_admin": "스튜디오 관리자",
    "role.auditor": "감사인",
    "role.operator": "운영자",
}

LANGUAGES: Mapping[str, Words] = MappingProxyType({"en": MappingProxyType(_ENGLISH), "ko": MappingProxyType(_KOREAN)})


def refusal(words: Words, slug: str, reason: object) -> str:
    """Answer what is said of an error: of its reason where that has words, of its kind, or that it did not work."""
    for key in (f"{slug}.{reason}", slug):
        if key in words:
            return words[key]
    return words["refused"]
