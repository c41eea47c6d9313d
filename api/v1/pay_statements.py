"""Pay statements."""

from __future__ import annotations

from flask import Response

from api.answers import answer, file
from api.document import also_answers
from api.schemas.pay_statements import PayStatementOut, StatementFormat, StatementQuery, StudioPath
from api.schemas.performers import PerformerPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.pay_statements import PayStatement
from registry.interchange.pay_statements import as_csv, as_html, as_json
from registry.services import pay_statements

resource = new_resource("pay statements", "What became due and was settled in a period; both sides' agree.")


@resource.get("/performers/<id:performer_id>/pay-statement", responses={200: PayStatementOut})
@also_answers("text/csv", "text/html")
def get_performer_pay_statement(path: PerformerPath, query: StatementQuery) -> Response:
    """Say what a performer earned, got and is owed: to the performer's side or an operator."""
    days, zone = query.period(), query.zone()
    statement = pay_statements.performer_statement(context(), principal(), path.performer_id, days, zone)
    return _answer(statement, query)


@resource.get("/studios/<id:studio_id>/pay-statement", responses={200: PayStatementOut})
@also_answers("text/csv", "text/html")
def get_studio_pay_statement(path: StudioPath, query: StatementQuery) -> Response:
    """Say what a studio used, paid and owes: to the studio or an operator."""
    days, zone = query.period(), query.zone()
    return _answer(pay_statements.studio_statement(context(), principal(), path.studio_id, days, zone), query)


def _answer(statement: PayStatement, query: StatementQuery) -> Response:
    name = f"pay-{statement.party_id}-{query.starts_on}-{query.ends_on}"
    if query.format is StatementFormat.CSV:
        return file(as_csv(statement).encode(), "text/csv", f"{name}.csv")
    if query.format is StatementFormat.HTML:
        return file(as_html(statement, query.language.value).encode(), "text/html", f"{name}.html")
    return answer(PayStatementOut.model_validate(as_json(statement)))
