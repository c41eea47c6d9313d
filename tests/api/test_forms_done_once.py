"""Every form of every page is done once, however often it is sent; what is not held to that is named here, with why."""

from __future__ import annotations

from typing import Final

from house import House

from api.auth import PERSONAL

WITHOUT_KEY: Final = {
    "check_terms": "rules are asked, and nothing is kept",
    "export_performer": "a file is answered, as often as it is asked for",
    "submit_checks": "each of its files has a key of its own",
    "withdraw": "what is withdrawn stays withdrawn; nothing may stand between somebody and that",
    "forget_performer": "who is forgotten stays forgotten",
}


def test_every_form_is_done_once_or_says_why_it_need_not_be(house: House) -> None:
    forms = {
        rule.endpoint.rpartition(".")[2]: house.app.view_functions[rule.endpoint]
        for rule in house.app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] == PERSONAL and "POST" in (rule.methods or ())
    }
    assert len(forms) > len(WITHOUT_KEY)
    assert {name for name, view in forms.items() if not hasattr(view, "is_done_once")} == set(WITHOUT_KEY)
