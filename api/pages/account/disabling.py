"""Why a webhook is disabled, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.pages.language import N_
from registry.domain.webhooks import DisabledReason

DISABLED: Final[Mapping[DisabledReason, str]] = {
    DisabledReason.BY_HAND: N_("disabled by hand"),
    DisabledReason.GONE: N_("disabled: the receiver answered that it wants no more"),
    DisabledReason.FAILING: N_("disabled: nothing has arrived for seven days"),
}
