"""What a scenario is, once its file has been read: frozen, so that every change makes a new one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from operator import itemgetter
from typing import Any, Literal, get_args

from sandtable.units import Change

ResponseMode = Literal["hold", "match", "best_response"]
LONGEST_LAG = 24
FURTHER_TARGETS = ("channel", "stage", "dealer", "powertrain", "characteristic")
MOST_FOLLOWED = 1.5


@dataclass(frozen=True)
class LeverMove:
    """One lever pulled.

    Parameters
    ----------
    lever : str
        Name in the lever table.
    product, firm : str, optional
        What it is pulled on; both None for a lever of the whole market.
    region : str, optional
        A region or an area; None is everywhere.
    change : Change, optional
        Relative or absolute change; None for levers that take no amount.
    value : float, optional
        The value to move to, in the lever's unit; instead of a change.
    owner : str, optional
        New owner (levers ownership and divestiture only).
    first, last : str, optional
        First and last period in which it acts; None is open.
    like : tuple of str
        Products that a new one is like (lever launch only).
    characteristics : tuple of (str, str or float)
        Of a new product: segment, nests and numbers (lever launch only).
    terms : tuple of (str, float)
        Further numbers of the lever by name; what is left out is as the lever table says.
    channel, stage, dealer, powertrain, characteristic : str, optional
        What else the lever is pulled on, where its entry in the lever table has such a field.
    """

    lever: str
    product: str | None = None
    firm: str | None = None
    region: str | None = None
    change: Change | None = None
    value: float | None = None
    owner: str | None = None
    first: str | None = None
    last: str | None = None
    like: tuple[str, ...] = ()
    characteristics: tuple[tuple[str, str | float], ...] = ()
    terms: tuple[tuple[str, float], ...] = ()
    channel: str | None = None
    stage: str | None = None
    dealer: str | None = None
    powertrain: str | None = None
    characteristic: str | None = None

    @property
    def further(self) -> dict[str, str]:
        """What else it names: channel, stage, dealer, powertrain, characteristic."""
        given = ((name, getattr(self, name)) for name in FURTHER_TARGETS)
        return {name: value for name, value in given if value is not None}

    @property
    def key(self) -> tuple[str | None, ...]:
        """What makes two moves the same lever: a later layer replaces an earlier one with equal key."""
        further = (getattr(self, name) for name in FURTHER_TARGETS)
        return (self.lever, self.product, self.firm, self.region, self.first, self.last, *further)

    def acts_in(self, period: str) -> bool:
        """Whether it acts in a period (periods compare as text)."""
        return (self.first is None or self.first <= period) and (
            self.last is None or period <= self.last
        )


@dataclass(frozen=True)
class Response:
    """How one firm answers the price moves of others.

    Parameters
    ----------
    mode : str
        ``hold``: its prices stay; ``match``: it follows the price moves that levers make in its segments;
        ``best_response``: it maximises its profit (Bertrand-Nash among the firms that do).
    follow : float
        Part of the relative move that it follows, 0 to 1.5; of ``match`` only.
    lag : int
        Periods after which it follows, 0 to 24; of ``match`` only.

    Raises
    ------
    ValueError
        If the mode is unknown or a number out of range.
    """

    mode: ResponseMode = "hold"
    follow: float = 1.0
    lag: int = 0

    def __post_init__(self) -> None:
        if self.mode not in get_args(ResponseMode):
            wanted = " or ".join(get_args(ResponseMode))
            raise ValueError(f"mode is '{self.mode}'; it must be {wanted}.")
        if not 0 <= self.follow <= MOST_FOLLOWED:
            raise ValueError(f"follow is {self.follow:.0%}; it must lie between 0% and 150%.")
        if not 0 <= self.lag <= LONGEST_LAG:
            raise ValueError(f"lag is {self.lag}; it must be 0 to {LONGEST_LAG} periods.")
        if self.mode != "match" and (self.follow, self.lag) != (1.0, 0):
            raise ValueError(f"follow and lag belong to the mode match, not to {self.mode}.")

    def __str__(self) -> str:
        """Say it in a few words: ``match 50 %, lag 1``."""
        words = self.mode.replace("_", " ")
        return words if self.mode != "match" else f"{words} {self.follow * 100:g} %, lag {self.lag}"

    def to_data(self) -> str | dict[str, Any]:
        """Return it as a file writes it: one word, or a mapping for ``match``."""
        if self.mode != "match":
            return self.mode
        return {"mode": self.mode, "follow": self.follow + 0.0, "lag": self.lag}


@dataclass(frozen=True)
class Rivals:
    """How each firm answers: the default for all but the own firm, and named exceptions.

    Parameters
    ----------
    default : Response or str
        A bare mode stands for the response of that mode.
    by_firm : tuple of (str, Response or str)
    """

    default: Response = Response()
    by_firm: tuple[tuple[str, Response], ...] = ()

    def __init__(
        self,
        default: Response | ResponseMode = "hold",
        by_firm: Iterable[tuple[str, Response | ResponseMode]] = (),
    ) -> None:
        named = {firm: _response(response) for firm, response in by_firm}
        object.__setattr__(self, "default", _response(default))
        # the order in which the exceptions are named says nothing
        object.__setattr__(self, "by_firm", tuple(sorted(named.items(), key=itemgetter(0))))

    def response(self, firm: str, own_firm: str) -> Response:
        """Return the response of one firm; the own firm holds unless it is named."""
        return dict(self.by_firm).get(firm, Response() if firm == own_firm else self.default)

    def with_firm(self, firm: str, response: Response) -> Rivals:
        """Return the rivals with the response of one firm named."""
        named = {**dict(self.by_firm), firm: response}
        return Rivals(self.default, named.items())

    def to_data(self) -> dict[str, Any]:
        """Return them as a file writes them."""
        named = {firm: response.to_data() for firm, response in self.by_firm}
        return {"default": self.default.to_data(), **named}


def _response(value: Response | ResponseMode) -> Response:
    return value if isinstance(value, Response) else Response(value)


@dataclass(frozen=True)
class Supply:
    """What is assumed of costs and pricing.

    Parameters
    ----------
    costs : str
        ``implied``: marginal costs at which the base prices are an equilibrium; ``accounting``: from the known margins
        of the data set where it has them, and each markup keeps its ratio to the equilibrium one.
    conduct : float
        Weight of other firms' profits in each firm's pricing, 0 (Bertrand) to 1 (one cartel).
    pricing : str, optional
        ``national`` or ``regional`` prices; None is the data set's own.

    Raises
    ------
    ValueError
        If a word is unknown or the conduct out of range.
    """

    costs: Literal["implied", "accounting"] = "implied"
    conduct: float = 0.0
    pricing: Literal["national", "regional"] | None = None

    def __post_init__(self) -> None:
        if self.costs not in ("implied", "accounting"):
            raise ValueError(f"costs is '{self.costs}'; it must be implied or accounting.")
        if not 0 <= self.conduct <= 1:
            raise ValueError(f"conduct is {self.conduct:g}; it must lie between 0 and 1.")
        if self.pricing not in (None, "national", "regional"):
            raise ValueError(f"pricing is '{self.pricing}'; it must be national or regional.")

    def to_data(self) -> dict[str, Any]:
        """Return what is not assumed by default, as a file writes it."""
        return _not_default(self)


@dataclass(frozen=True)
class Backlog:
    """What becomes of orders beyond capacity.

    Parameters
    ----------
    longest_wait : float
        Periods of deliveries that may wait; orders beyond go elsewhere. 0: nobody waits.
    wait_cost : float
        What one period of waiting is worth to a customer, in money units, 0 or more.
    drop_out : float
        Part of the waiting orders cancelled in a period when the wait is one period, 0 to below 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    longest_wait: float = 0.0
    wait_cost: float = 0.0
    drop_out: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.longest_wait <= LONGEST_LAG:
            raise ValueError(
                f"longest_wait is {self.longest_wait:g}; it must be 0 to {LONGEST_LAG} periods."
            )
        if not 0 <= self.wait_cost < float("inf"):
            raise ValueError(f"wait_cost is {self.wait_cost:g}; it must be 0 or more.")
        if not 0 <= self.drop_out < 1:
            raise ValueError(f"drop_out is {self.drop_out:g}; it must lie between 0 and 1.")

    def to_data(self) -> dict[str, Any]:
        """Return what is not assumed by default, as a file writes it."""
        return _not_default(self)


def _not_default(value: Supply | Backlog) -> dict[str, Any]:
    return {
        item.name: given
        for item in fields(value)
        if (given := getattr(value, item.name)) != item.default
    }


@dataclass(frozen=True)
class Scenario:
    """A named set of lever moves against the observed base of a data set.

    Parameters
    ----------
    title, question, author : str
        What it is called, asks, and who wrote it.
    data : str
        Name of the data set.
    parameters : str, optional
        Parameter set; None is the data set's default.
    own_firm : str, optional
        The firm whose table it is; None is the data set's own firm.
    periods : tuple of str
        Periods to run, observed or coming; empty is the last observed one.
    levers : tuple of LeverMove
        In the order in which they act.
    rivals : Rivals
        How the firms answer.
    supply : Supply
        What is assumed of costs and pricing.
    backlog : Backlog
        What becomes of orders beyond capacity.
    not_modelled : tuple of str
        What the author knows to be left out.
    """

    title: str
    data: str
    question: str = ""
    author: str = ""
    parameters: str | None = None
    own_firm: str | None = None
    periods: tuple[str, ...] = ()
    levers: tuple[LeverMove, ...] = ()
    rivals: Rivals = field(default_factory=Rivals)
    supply: Supply = Supply()
    backlog: Backlog = Backlog()
    not_modelled: tuple[str, ...] = ()

    def with_lever(self, move: LeverMove) -> Scenario:
        """Return the scenario with one move more; a move with the same key is replaced in its place."""
        keys = [item.key for item in self.levers]
        if move.key in keys:
            place = keys.index(move.key)
            return replace(self, levers=(*self.levers[:place], move, *self.levers[place + 1 :]))
        return replace(self, levers=(*self.levers, move))

    def without_lever(self, key: tuple[str | None, ...]) -> Scenario:
        """Return the scenario without the move of that key."""
        return replace(self, levers=tuple(item for item in self.levers if item.key != key))

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario as plain values, the same for every spelling of the same file."""
        return {
            "title": self.title,
            "question": self.question,
            "author": self.author,
            "data": self.data,
            "parameters": self.parameters,
            "own_firm": self.own_firm,
            "periods": list(self.periods),
            "levers": [_move_to_dict(move) for move in self.levers],
            "rivals": self.rivals.to_data(),
            **({"supply": supply} if (supply := self.supply.to_data()) else {}),
            **({"backlog": backlog} if (backlog := self.backlog.to_data()) else {}),
            "not_modelled": list(self.not_modelled),
        }

    @property
    def sha256(self) -> str:
        """Hash of what the scenario says, however its file was laid out."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _number(value: float | None) -> float | None:
    """Write equal numbers alike (5 and 5.0, 0.0 and -0.0), so that equal scenarios have one hash."""
    return None if value is None else float(value) + 0.0


def _move_to_dict(move: LeverMove) -> dict[str, Any]:
    values: dict[str, Any] = {
        "lever": move.lever,
        "product": move.product,
        "firm": move.firm,
        "region": move.region,
        "value": _number(move.value),
        "owner": move.owner,
        **move.further,
        "from": move.first,
        "to": move.last,
        "like": list(move.like) or None,
        "characteristics": dict(move.characteristics) or None,
        "terms": {name: _number(value) for name, value in move.terms} or None,
    }
    if move.change is not None:
        values["change"] = {move.change.kind: _number(move.change.amount)}
    return {name: value for name, value in values.items() if value is not None}
