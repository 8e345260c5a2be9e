"""The sentences of the page: who moved, what it cost, who is close, who follows; each from data by a rule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from sandtable.app.competition.substitutes import Substitutes
from sandtable.app.competition.trail import Basis, Trail
from sandtable.app.formatting import Format
from sandtable.app.text import Text
from sandtable.scenario.followed import FEWEST_MOVES, Followed

PRICE_MOVE = 0.005  # relative, in one period


@dataclass(frozen=True)
class Question:
    """What the page is about: one own product among its rivals.

    Attributes
    ----------
    product : str
        The product in question.
    trail : Trail
    substitutes : Substitutes
    names : dict
        How each product is called on screen.
    basis : str
        The price looked at.
    """

    product: str
    trail: Trail
    substitutes: Substitutes
    names: dict[str, str]
    firms: dict[str, str]
    basis: Basis

    @cached_property
    def rivals(self) -> tuple[str, ...]:
        """The closest rivals' products."""
        return self.substitutes.closest(self.product)

    @property
    def name(self) -> str:
        """The product as it is called on screen."""
        return self.names[self.product]


def headline_of(question: Question, text: Text, write: Format) -> str:
    """Say which close rival's share moved most, and what the own product did in the same time."""
    trail, product = question.trail, question.product
    last = trail.periods[-1]
    moves = []
    for rival in question.rivals:
        start = trail.first(rival)
        if start is not None:
            change = trail.share(rival, last) - trail.share(rival, start)
            moves.append((abs(change), rival, start))
    if not moves:
        return text("mover_unknown", own=question.name)
    _, rival, start = max(moves)
    way = _way(trail, rival, start, write)
    if way == "same":
        return text("mover_none", own=question.name, start=write.period(start))
    is_new = str(trail.first(product)) > start
    own_way = "new" if is_new else _way(trail, product, start, write)
    return text(
        f"mover_{way}_own_{own_way}",
        firm=question.firms[rival],
        product=question.names[rival],
        before=write.percent(trail.share(rival, start)),
        after=write.percent(trail.share(rival, last)),
        start=write.period(start),
        own=question.name,
        own_before=write.percent(trail.share(product, start)),
        own_after=write.percent(trail.share(product, last)),
    )


def _way(trail: Trail, product: str, start: str, write: Format) -> str:
    before, after = trail.share(product, start), trail.share(product, trail.periods[-1])
    if write.percent(before) == write.percent(after):
        return "same"
    return "up" if after > before else "down"


def price_move(question: Question, text: Text, write: Format) -> str:
    """Say which close rival made the largest price move, and what it did to the gap."""
    trail, basis = question.trail, question.basis
    moves = []
    for rival in question.rivals:
        for before, after in zip(trail.periods, trail.periods[1:], strict=False):
            change = trail.price(rival, after, basis) / trail.price(rival, before, basis) - 1
            if math.isfinite(change) and abs(change) >= PRICE_MOVE:
                moves.append((abs(change), after, before, rival, change))
    if not moves:
        return text("price_move_none", own=question.name)
    _, after, before, rival, change = max(moves)

    digits = write.metadata.price_step / 10  # a mean over regions knows no more

    def rounded(price: float) -> float:
        return round(price / digits) * digits if math.isfinite(price) else price

    def gap(period: str) -> float:
        return rounded(
            trail.price(rival, period, basis) - trail.price(question.product, period, basis)
        )

    return text(
        "price_move" if math.isfinite(gap(before)) else "price_move_new",
        product=question.names[rival],
        period=write.period(after),
        change=write.signed_percent(change),
        price=write.price(rounded(trail.price(rival, after, basis))),
        own=question.name,
        gap=write.signed_price(gap(after)),
        gap_before=write.signed_price(gap(before)),
    )


def closest(question: Question, text: Text, write: Format) -> str:
    """Say who takes the buyers that the product loses."""
    substitutes, product = question.substitutes, question.product
    takers = list(substitutes.takers(product).items())[:3]
    if len(takers) < 3:
        return text("closest_few", own=question.name)
    first, second, third = (question.names[rival] for rival, _ in takers)
    return text(
        "closest",
        own=question.name,
        rival_1=first,
        rival_2=second,
        rival_3=third,
        taken=write.count(100 * sum(part for _, part in takers)),
        kept=write.count(100 * sum(substitutes.own_range(product).values())),
    )


def own_answer(question: Question, text: Text, write: Format) -> str:
    """Say what one per cent of price does to the product, and the range of the firm's other products."""
    substitutes = question.substitutes
    size = write.decimal(abs(substitutes.own_elasticity(question.product)))
    firm = substitutes.firms[question.product]
    sizes = sorted(
        (abs(substitutes.own_elasticity(code)), code)
        for code in substitutes.products
        if substitutes.firms[code] == firm
    )
    if len(sizes) < 2:
        return text("own_answer_one", own=question.name, size=size)
    (low, lowest), (high, highest) = sizes[0], sizes[-1]
    return text(
        "own_answer",
        own=question.name,
        size=size,
        low=write.decimal(low),
        lowest=question.names[lowest],
        high=write.decimal(high),
        highest=question.names[highest],
    )


def who_follows(history: dict[str, Followed], text: Text, write: Format) -> str:
    """Say which rival follows beyond what chance explains, or that none does."""
    judged = [item for item in history.values() if not item.too_few]
    if not judged:
        return text("follows_too_few", fewest=FEWEST_MOVES)
    following = [item for item in judged if item.follows]
    if following:
        best = min(following, key=lambda item: item.chance)
        return text(
            "follows",
            firm=best.firm,
            followed=best.followed,
            moves=best.moves,
            part=write.percent(best.part, 0),
            lag=write.count(best.lag),
        )
    most = max(judged, key=lambda item: (item.followed / item.moves, item.moves))
    if not most.followed:
        return text("follows_none")
    slots = {"firm": most.firm, "followed": most.followed, "moves": most.moves}
    if not math.isfinite(most.usual_rate):
        return text("follows_unknown", **slots)
    return text("follows_chance", usual=write.percent(most.usual_rate, 0), **slots)


def elasticity_title(question: Question, text: Text, write: Format) -> str:
    """Say which rival's price costs the product most of its cars."""
    substitutes, product = question.substitutes, question.product
    rivals = substitutes.takers(product)
    if not rivals:
        return text("elasticity_title_none", own=question.name)
    worst = max(rivals, key=lambda rival: substitutes.cross_elasticity(product, rival))
    value = substitutes.cross_elasticity(product, worst)
    return text(
        "elasticity_title",
        rival=question.names[worst],
        own=question.name,
        value=write.decimal(value, 2),
    )


def diversion_title(question: Question, text: Text, write: Format) -> str:
    """Say how many of a hundred lost buyers the three closest rivals take."""
    takers = list(question.substitutes.takers(question.product).items())[:3]
    if len(takers) < 3:
        return text("closest_few", own=question.name)
    (first, a), (second, b), (third, c) = takers
    return text(
        "diversion_title",
        own=question.name,
        rival_1=question.names[first],
        rival_2=question.names[second],
        rival_3=question.names[third],
        cars_1=write.count(100 * a),
        cars_2=write.count(100 * b),
        cars_3=write.count(100 * c),
    )
