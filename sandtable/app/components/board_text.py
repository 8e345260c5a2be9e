"""Every word the board shows, in English and Chinese; the browser only fills the slots."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Language = Literal["en", "zh"]
MoneyStyle = Literal["cny", "plain"]

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "board_label": "Market board: rows are segments, prices run from left to right",
        "board_help": (
            "Left and right arrows change the price by one step, with Shift by ten. Up and down "
            "arrows or letters go to another piece. Enter confirms or picks, Escape cancels."
        ),
        "cars": "{count} cars",
        "percent": "{value} %",
        "points": "{value} pt",
        "missing": "—",
        "axis": "Price, k {currency}",
        "band": "{from}–{to}k",
        "band_open": "{from}k+",
        "band_short": "{from}–{to}",
        "band_open_short": "{from}+",
        "pill": "{amount}",
        "price": "{amount} {currency}",
        "price_change": "{product} price {change}",
        "others": "Other {count} firms",
        "baseline": "Baseline",
        "drawn": "{drawn} of {of} models drawn; other {count}: {cars}",
        "drawn_all": "all {of} models drawn",
        "tip_price": "List price",
        "tip_cars": "Cars a month",
        "tip_share": "Share of sales",
        "tip_rival": "Closest rival",
        "tip_rival_value": "{product}, {price}",
        "tip_outside": "Outside the prices seen in the data",
        "piece_label": "{product}, {firm}, {row}",
        "value_moved": "{price}, {change} against base, {cars}, {share} of sales",
        "value_base": "{price}, base price, {cars}, {share} of sales",
        "said_picked": "{product} picked: {value}",
        "said_moved": "{product} at {price}, {change} against base",
        "said_cancelled": "{product} back at {price}",
        "said_confirmed": "{product} confirmed: {value}",
        "said_fixed": "{product} cannot be moved",
        "new_piece": "New piece",
        "new_piece_help": (
            "Drag it onto the board: the row is its segment, the place its list price. By keyboard: "
            "Enter takes it up, arrows move it, Enter puts it down."
        ),
        "said_placing": "New piece over {row} at {price}",
        "said_launched": "New piece put down in {row} at {price}",
        "list_label": "Models on the board",
        "list_product": "Model",
        "list_firm": "Firm",
        "list_row": "Segment",
        "list_price": "List price",
        "list_cars": "Cars a month",
        "list_change": "Change",
        "list_share": "Share",
    }
)

CHINESE: Mapping[str, str] = MappingProxyType(
    {
        "board_label": "市场沙盘：行为细分市场，价格从左到右",
        "board_help": (
            "左右方向键按一个步长改价，加 Shift 为十个步长；上下方向键或字母键切换棋子；"
            "Enter 确认或选中，Escape 取消。"
        ),
        "cars": "{count} 辆",
        "percent": "{value}%",
        "points": "{value} 点",
        "missing": "—",
        "axis": "指导价（千 {currency}）",
        "band": "{from}–{to} 千",
        "band_open": "{from} 千以上",
        "band_short": "{from}–{to}",
        "band_open_short": "{from}+",
        "pill": "{amount} 千",
        "price": "{amount} {currency}",
        "price_change": "{product} 价格 {change}",
        "others": "其他 {count} 家",
        "baseline": "基准位置",
        "drawn": "图中 {drawn} 款，共 {of} 款；其余 {count} 款合计 {cars}",
        "drawn_all": "图中为全部 {of} 款",
        "tip_price": "指导价",
        "tip_cars": "月销量",
        "tip_share": "销量份额",
        "tip_rival": "最近竞品",
        "tip_rival_value": "{product}，{price}",
        "tip_outside": "超出数据中出现过的价格",
        "piece_label": "{product}，{firm}，{row}",
        "value_moved": "{price}，对比基准 {change}，{cars}，占销量 {share}",
        "value_base": "{price}，基准价，{cars}，占销量 {share}",
        "said_picked": "已选中 {product}：{value}",
        "said_moved": "{product} 调至 {price}，对比基准 {change}",
        "said_cancelled": "{product} 恢复为 {price}",
        "said_confirmed": "{product} 已确认：{value}",
        "said_fixed": "{product} 不可移动",
        "new_piece": "新棋子",
        "new_piece_help": (
            "拖到沙盘上：所在行为细分市场，位置为指导价。键盘：Enter 拿起，方向键移动，Enter 放下。"
        ),
        "said_placing": "新棋子位于 {row}，{price}",
        "said_launched": "新棋子放入 {row}，{price}",
        "list_label": "沙盘上的车型",
        "list_product": "车型",
        "list_firm": "厂商",
        "list_row": "细分市场",
        "list_price": "指导价",
        "list_cars": "月销量",
        "list_change": "变化",
        "list_share": "份额",
    }
)

TEN_THOUSANDS: Mapping[str, str] = MappingProxyType(
    {
        "axis": "指导价（万元）",
        "band": "{from}–{to} 万",
        "band_open": "{from} 万以上",
        "pill": "{amount} 万",
        "price": "{amount} 万元",
    }
)


def board_text(language: Language, money_style: MoneyStyle) -> dict[str, str]:
    """Give the words of the board.

    Parameters
    ----------
    language : {"en", "zh"}
        Language of the page.
    money_style : {"cny", "plain"}
        ``"cny"`` writes Chinese prices in 万元; other currencies and languages count in thousands.

    Returns
    -------
    dict of str
        Text by key, with ``{slots}`` that the browser fills.

    Examples
    --------
    >>> board_text("zh", "cny")["pill"]
    '{amount} 万'
    """
    if language == "zh":
        return {**CHINESE, **(TEN_THOUSANDS if money_style == "cny" else {})}
    return dict(ENGLISH)
