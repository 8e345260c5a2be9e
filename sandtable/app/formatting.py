"""Numbers as each language writes them: minus sign, no-break spaces, 万 and 亿, em dash for what is missing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sandtable.app.text import Language
from sandtable.data.metadata import Metadata

MINUS, MISSING, NO_BREAK = "−", "—", "\u00a0"


@dataclass(frozen=True)
class Format:
    """How one language writes the numbers of one data set.

    Parameters
    ----------
    language : str
        ``en`` or ``zh``.
    metadata : Metadata
        Currency, money unit and price step of the data set.

    Examples
    --------
    The methods below are checked in the tests with both languages.
    """

    language: Language
    metadata: Metadata

    @property
    def chinese_money(self) -> bool:
        """Whether prices are written in 万."""
        return self.language == "zh" and self.metadata.currency == "CNY"

    @property
    def currency(self) -> str:
        """The currency as the language writes it."""
        return "元" if self.chinese_money else self.metadata.currency

    def count(self, value: float | None) -> str:
        """Write a whole number: ``20,266``."""
        return MISSING if value is None or not math.isfinite(value) else _fixed(value, 0)

    def signed_count(self, value: float) -> str:
        """Write a change of a whole number: ``+1,546``."""
        return _signed(value, 0)

    def percent(self, ratio: float | None, decimals: int = 1) -> str:
        """Write a ratio in per cent: ``8.4 %``, in Chinese ``8.4%``."""
        if ratio is None or not math.isfinite(ratio):
            return MISSING
        return _fixed(ratio * 100, decimals) + self._percent_sign

    def signed_percent(self, ratio: float, decimals: int = 1) -> str:
        """Write a relative change: ``−5.0 %``."""
        return _signed(ratio * 100, decimals) + self._percent_sign

    def points(self, difference: float, decimals: int = 1) -> str:
        """Write a change of a ratio in percentage points: ``+0.6 pt``."""
        unit = "个百分点" if self.language == "zh" else "pt"
        return f"{_signed(difference * 100, decimals)}{NO_BREAK}{unit}"

    def decimal(self, value: float | None, decimals: int = 1) -> str:
        """Write a number with one decimal, or as many as wanted: ``−3.7``."""
        return MISSING if value is None or not math.isfinite(value) else _fixed(value, decimals)

    @property
    def axis_currency(self) -> str:
        """The currency of an axis whose ticks are written by `tick`."""
        return self._chinese_currency if self.language == "zh" else self.metadata.currency

    def price(self, value: float | None) -> str:
        """Write a price: ``255,400``, in Chinese ``25.54 万``; other currencies as the step asks."""
        if value is None or not math.isfinite(value):
            return MISSING
        if self.chinese_money and value:
            return f"{_fixed(value / 1e4, 2)}{NO_BREAK}万"
        return _fixed(value, self.price_decimals)

    def signed_price(self, difference: float | None) -> str:
        """Write a difference of two prices: ``−21,900``, in Chinese ``−2.19 万``."""
        written = self.price(difference)
        if difference is None or not difference > 0 or not any(d in written for d in "123456789"):
            return written
        return f"+{written}"

    def tick(self, price: float) -> str:
        """Write a price on an axis: ``250k``, in Chinese ``25 万``; other currencies in thousands."""
        amount = price * self.metadata.money_scale
        if self.chinese_money:
            return f"{amount / 1e4:,.10g}{NO_BREAK}万"
        return f"{amount / 1e3:,.10g}k"

    @property
    def price_decimals(self) -> int:
        """Decimals that a price needs so that one step shows."""
        step = self.metadata.price_step
        return 0 if step >= 1 else max(0, math.ceil(-math.log10(step)))

    def money(self, value: float | None, *, signed: bool = False) -> str:
        """Write an amount of money: ``4.92 bn``, ``−46 m``, in Chinese ``49.24 亿元``."""
        if value is None or not math.isfinite(value):
            return MISSING
        amount = value * self.metadata.money_scale
        write = _signed if signed else _fixed
        size = abs(amount)
        if self.language == "zh":
            # a change stands beside its value, which names the currency
            currency = "" if signed else self._chinese_currency
            for power, unit in ((1e8, "亿"), (1e4, "万")):
                if size >= power:
                    decimals = 0 if size >= 1000 * power else 2
                    return f"{write(amount / power, decimals)}{NO_BREAK}{unit}{currency}"
            return f"{write(amount, 0)}{NO_BREAK}{currency}".rstrip(NO_BREAK)
        for power, unit, decimals in ((1e9, "bn", 2), (1e6, "m", 0 if size >= 1e7 else 1)):
            if size >= power:
                return f"{write(amount / power, decimals)}{NO_BREAK}{unit}"
        # no more than three digits are known
        rounded = round(amount, -2) if size >= 10_000 else amount
        return write(rounded, 0)

    def amount(self, value: float | None) -> str:
        """Write an amount of money with its currency, for sentences: ``29,600 CNY``, ``2.96 万元``."""
        text = self.money(value)
        named = self.language == "zh" or text == MISSING
        return text if named else f"{text}{NO_BREAK}{self.metadata.currency}"

    @property
    def _chinese_currency(self) -> str:
        return {"CNY": "元", "USD": "美元", "EUR": "欧元"}.get(self.metadata.currency, "")

    @property
    def _percent_sign(self) -> str:
        return "%" if self.language == "zh" else f"{NO_BREAK}%"

    def period(self, period: str) -> str:
        """Write a period: ``Jun 2026``, in Chinese ``2026 年 6 月``; years stay as they are."""
        year, _, rest = period.partition("-")
        if not rest:
            return f"{year} 年" if self.language == "zh" else year
        if rest.startswith("Q"):
            return f"{year} 年 {rest[1:]} 季度" if self.language == "zh" else f"{rest} {year}"
        if self.language == "zh":
            return f"{year} 年 {int(rest)} 月"
        months = [
            "Jan",
            "Feb",
            "Mar",
            "Apr",
            "May",
            "Jun",
            "Jul",
            "Aug",
            "Sep",
            "Oct",
            "Nov",
            "Dec",
        ]
        return f"{months[int(rest) - 1]} {year}"

    def short_period(self, period: str) -> str:
        """Write a month in few signs: ``Jun 26``, in Chinese ``26年6月``; other periods as `period` does."""
        year, _, rest = period.partition("-")
        if not rest or rest.startswith("Q"):
            return self.period(period)
        if self.language == "zh":
            return f"{year[2:]}年{int(rest)}月"
        return f"{self.month(period)} {year[2:]}"

    def month(self, period: str) -> str:
        """Write a period without its year: ``Jun``, in Chinese ``6 月``; years stay as they are."""
        year, _, rest = period.partition("-")
        whole = self.period(period)
        return whole.removesuffix(f" {year}").removeprefix(f"{year} 年 ") if rest else whole


def arrow(value: float) -> str:
    """Return the arrow of a change."""
    return "▲" if value > 0 else "▼"


def _fixed(value: float, decimals: int) -> str:
    text = f"{abs(value):,.{decimals}f}"
    return MINUS + text if value < 0 and float(text.replace(",", "")) else text


def _signed(value: float, decimals: int) -> str:
    text = _fixed(value, decimals)
    if text.startswith(MINUS) or not float(text.replace(",", "")):
        return text
    return f"+{text}"
