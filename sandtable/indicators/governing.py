"""Indicators under governance: what was approved, by whom, and whether the definition is still that one."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.definition import Definition, Status
from sandtable.store import (
    Governed,
    Store,
    approve,
    deprecate,
    governed,
    propose,
    submit,
)
from sandtable.store.governance import Clock, text_hash, utc_now

KIND = "indicator"
# How far a definition is approved is said by the store, not by its text.
OF_THE_STORE = {"status", "approved", "version", "replaced_by", "sunset"}

MADE_OF = {
    "atomic": """source:
  table: leads           # of tables.yaml
  agg: count             # count_distinct, sum, mean, median, min, max""",
    "derived": """base: sal_lead_cnt
qualifiers: [valid]""",
    "composite": "formula: sal_testdrive_cnt / sal_lead_cnt",
}
TEMPLATE = """code: {code}
kind: {kind}
label: {{en: "", zh: ""}}
stage: activation        # acquisition, activation, revenue, retention, referral
lifecycle: consider      # aware, consider, buy, own, renew
definition:
  en: ""
  zh: ""
unit: ratio              # agrees with the measure in the code
direction: up
{made_of}
dimensions: [month, region, dealer, model]
additivity: none
owner: ""
steward: ""
status: draft
version: 1
"""


@dataclass(frozen=True)
class Standing:
    """How far a definition is approved.

    Attributes
    ----------
    status : str
        That of the store, where it holds this very text; ``draft`` where the text was edited since; that of the file
        where the store does not know it.
    known : Governed or None
        What the store holds.
    edited : bool
        Whether the text differs from what the store holds.
    """

    status: Status
    known: Governed | None
    edited: bool


def text_of(definition: Definition) -> str:
    """Return what is approved: every field, one a line, in an order of its own, so that layout says nothing."""
    values = definition.model_dump(mode="json", exclude=OF_THE_STORE, exclude_none=True)
    return json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True)


def standing(store: Store, definition: Definition) -> Standing:
    """Say how far a definition is approved."""
    known = governed(store, KIND, definition.code)
    if known is None:
        return Standing(definition.status, None, edited=False)
    edited = known.hash != text_hash(text_of(definition))
    return Standing("draft" if edited else known.status, known, edited)


def submit_indicator(
    store: Store,
    catalogue: Catalogue,
    code: str,
    *,
    who: str,
    reason: str,
    clock: Clock = utc_now,
) -> Governed:
    """Put the present definition forward for review; all that is made of it stands in the audit.

    Raises
    ------
    InputError
        If there is no such indicator.
    RefusedStepError
        If it is under review or published already, unchanged.
    """
    text = text_of(catalogue.definition(code))
    propose(
        store,
        KIND,
        code,
        text,
        author=who,
        reason=reason,
        affected=catalogue.used_by(code),
        clock=clock,
    )
    return submit(store, KIND, code, who=who, reason=reason, clock=clock)


def approve_indicator(
    store: Store,
    catalogue: Catalogue,
    code: str,
    *,
    who: str,
    reason: str = "",
    clock: Clock = utc_now,
) -> Governed:
    """Publish the present definition, if it is the one under review.

    Raises
    ------
    InputError
        If there is no such indicator.
    RefusedStepError
        If it is not under review, was changed since, or the approver wrote some of it.
    """
    text = text_of(catalogue.definition(code))
    return approve(store, KIND, code, who=who, text=text, reason=reason, clock=clock)


def deprecate_indicator(
    store: Store,
    catalogue: Catalogue,
    code: str,
    *,
    who: str,
    reason: str,
    replaced_by: str | None = None,
    sunset: dt.date | None = None,
    clock: Clock = utc_now,
) -> Governed:
    """Take an indicator out of use.

    Raises
    ------
    InputError
        If there is no such indicator, or none to replace it.
    RefusedStepError
        If it is not published.
    """
    catalogue.definition(code)
    if replaced_by is not None:
        catalogue.definition(replaced_by, place="replaced_by")
    return deprecate(
        store,
        KIND,
        code,
        who=who,
        replaced_by=replaced_by,
        sunset=sunset,
        reason=reason,
        clock=clock,
    )


def template(code: str, kind: str) -> str:
    """Return the text of a definition file to fill in; it is a draft until it is approved."""
    return TEMPLATE.format(code=code, kind=kind, made_of=MADE_OF[kind])
