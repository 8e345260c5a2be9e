"""How an indicator stands with a data set, binding and tests together: the flag shown wherever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sandtable.indicators.binding import State
from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.engine import DuckDBEngine
from sandtable.indicators.lineage import direct_parts
from sandtable.indicators.outcomes import Outcome
from sandtable.indicators.quality import check_quality


@dataclass(frozen=True)
class StandingHere:
    """How one indicator stands with a data set.

    Attributes
    ----------
    state : str
        ``absent`` when the data set lacks a table it needs; ``broken`` when its tables are not as declared, one of its
        tests failed, or one of its parts is broken; else ``sound``.
    reasons : tuple of str
        Why it is not sound, each a sentence.
    outcomes : tuple of Outcome
        Its own binding and tests.
    """

    code: str
    state: State
    reasons: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


def standing_here(
    found: Catalogue, engine: DuckDBEngine, codes: Sequence[str] | None = None
) -> dict[str, StandingHere]:
    """Say of each indicator whether it is sound, broken or absent in a data set.

    Parameters
    ----------
    found : Catalogue
    engine : DuckDBEngine
        Open on the data set.
    codes : sequence of str, optional
        Which; all of the catalogue by default. Their parts are tested with them.
    """
    asked = tuple(found.definitions) if codes is None else tuple(dict.fromkeys(codes))
    outcomes = check_quality(found, engine, _with_parts(found, asked))
    known: dict[str, StandingHere] = {}
    for code in asked:
        _stand(found, code, outcomes, known)
    return {code: known[code] for code in asked}


def _with_parts(found: Catalogue, codes: Sequence[str]) -> tuple[str, ...]:
    wanted = dict.fromkeys(codes)
    waiting = list(codes)
    while waiting:
        for part in direct_parts(found.definition(waiting.pop())):
            if part not in wanted:
                wanted[part] = None
                waiting.append(part)
    return tuple(wanted)


def _stand(
    found: Catalogue,
    code: str,
    outcomes: dict[str, tuple[Outcome, ...]],
    known: dict[str, StandingHere],
) -> StandingHere:
    if code in known:
        return known[code]
    own = outcomes[code]
    missing = [one.sentence for one in own if one.kind == "binding" and one.passed is None]
    if missing:
        known[code] = StandingHere(code, "absent", tuple(missing), own)
        return known[code]
    reasons = [outcome.sentence for outcome in own if outcome.passed is False]
    for part in direct_parts(found.definition(code)):
        below = _stand(found, part, outcomes, known)
        of_its_own = {outcome.sentence for outcome in below.outcomes}
        for reason in below.reasons if below.state == "broken" else ():
            if reason not in reasons:
                said = f"It rests on {part}, which is broken: {reason}"
                reasons.append(said if reason in of_its_own else reason)
    state: State = "broken" if reasons else "sound"
    known[code] = StandingHere(code, state, tuple(dict.fromkeys(reasons)), own)
    return known[code]
