"""The verbs that end a consent, for a process that dies at every write of one: see `dying`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from dying import Subjects, Verb, print_table

from registry.cli.operator import choose_operator
from registry.domain.explanations.shipped import shipped_texts
from registry.services import civil_status, consents, forgetting, withdrawal
from registry.services.context import Context


def withdraw(ctx: Context, subjects: Subjects) -> None:
    """Withdraw everything that a performer has consented to."""
    consents.withdraw_all(ctx, choose_operator(ctx, None), subjects["performer"])


def forget(ctx: Context, subjects: Subjects) -> None:
    """Forget a performer."""
    text = shipped_texts()["forget_me.en.v1"]
    forgetting.forget_performer(
        ctx,
        choose_operator(ctx, None),
        subjects["performer"],
        text_id=text.id,
        text_sha256=text.text_sha256,
        signature_evidence_sha256="e" * 64,
    )


def expire(ctx: Context, _: Subjects) -> None:
    """End every consent that is due."""
    withdrawal.expire_due(ctx)


def turn_out_young(ctx: Context, subjects: Subjects) -> None:
    """Record that a performer is a minor, whom nobody had taken for one."""
    birth_date = ctx.clock().date() - timedelta(days=14 * 365)
    civil_status.record_birth_date(
        ctx, choose_operator(ctx, None), subjects["performer"], birth_date=birth_date, evidence_sha256="e" * 64
    )


VERBS: Mapping[str, Verb] = {"withdraw": withdraw, "forget": forget, "expire": expire, "turn_out_young": turn_out_young}


if __name__ == "__main__":
    print_table(VERBS)
