"""The sentences of the lever back-test, in English and in simplified Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from sandtable.data.metadata import BilingualText
from sandtable.planning.hindsight.lever_measures import Agreement
from sandtable.planning.hindsight.replaying import Way

Words = tuple[str, str]

WAY_NAMES: Mapping[Way, BilingualText] = {
    "list_price": BilingualText(
        en="The list price alone, rivals held", zh="只动指导价、竞品价格不变"
    ),
    "paid_price": BilingualText(
        en="The price as it was paid, rivals held", zh="按实际成交价变动、竞品价格不变"
    ),
    "seen_prices": BilingualText(
        en="With all prices as they were seen", zh="代入所有实际出现的价格"
    ),
}
TOO_FEW: Words = (
    "{way}: {n} events can be replayed; below {fewest}, or in one period only, nothing can be said about skill.",
    "{way}：可重放事件 {n} 个；少于 {fewest} 个或只在同一期，不能判断预测能力。",
)
NO_DIRECTION: Words = (
    "{way}: no skill. Of each 1 % predicted {slope:.2f} % was seen (95 %: {slope_low:.2f} to "
    "{slope_high:.2f}), which may be nothing; n = {n}.",
    "{way}：没有预测能力。每预测 1 % 实际出现 {slope:.2f} %（95 %：{slope_low:.2f} 至 {slope_high:.2f}），可能为零；"
    "n = {n}。",
)
NO_SKILL: Words = (
    "{way}: no skill in size. The misses are {wape:.0%} of the effects; to say that nothing would happen "
    "is no worse. Of each 1 % predicted {slope:.2f} % was seen; n = {n}.",
    "{way}：对幅度没有预测能力。误差为效应的 {wape:.0%}，不如直接预测没有变化。"
    "每预测 1 % 实际出现 {slope:.2f} %；n = {n}。",
)
OTHER_SIZE: Words = (
    "{way}: right direction, other size. Of each 1 % predicted {slope:.2f} % was seen (95 %: "
    "{slope_low:.2f} to {slope_high:.2f}, without 1); n = {n}.",
    "{way}：方向正确，幅度不符。每预测 1 % 实际出现 {slope:.2f} %"
    "（95 %：{slope_low:.2f} 至 {slope_high:.2f}，不含 1）；n = {n}。",
)
NOT_COVERED: Words = (
    "{way}: skill, but its 80 % intervals held {coverage:.0%} of {n_interval} events, which is too few for "
    "errors of chance alone.",
    "{way}：有预测能力，但 80 % 区间在 {n_interval} 个事件中只包含 {coverage:.0%}，误差不只是随机波动。",
)
BIASED: Words = (
    "{way}: skill, but predictions lie {bias:+.1%} of units off on average; n = {n}.",
    "{way}：有预测能力，但平均偏差为销量的 {bias:+.1%}；n = {n}。",
)
SKILL: Words = (
    "{way}: came true within its error. Of each 1 % predicted {slope:.2f} % was seen (95 %: {slope_low:.2f} to "
    "{slope_high:.2f}); 80 % intervals held {coverage:.0%} of {n_interval}; misses are {wape:.0%} of "
    "the effects; n = {n}.",
    "{way}：在误差范围内得到验证。每预测 1 % 实际出现 {slope:.2f} %（95 %：{slope_low:.2f} 至 {slope_high:.2f}）；80 % "
    "区间在 {n_interval} 个事件中包含 {coverage:.0%}；误差为效应的 {wape:.0%}；n = {n}。",
)
NO_EVENTS = BilingualText(
    en="The data set has no table of events, so no lever can be tested on the past. Prices that differ between "
    "rows alone are no events: other things may have changed with them.",
    zh="该数据集没有事件表，无法用历史检验抓手。仅凭价格前后不同不能视为事件：其他因素可能同时变化。",
)
ALWAYS = (
    BilingualText(
        en="Effects are changes of units against comparable products (same segment, no event of their own), "
        "so that season and market do not count.",
        zh="效应为相对可比产品（同细分市场、自身无事件）的销量变化，季节与市场整体变化不计入。",
    ),
    BilingualText(
        en="Intervals are what quiet products of like size missed in other periods, later ones included; the error "
        "of the parameters is not in them.",
        zh="区间来自规模相近的无事件产品在其他各期（含之后各期）的误差，不含参数误差。",
    ),
)
ALSO_WITHOUT: Words = (
    "Without any event too, of each 1 % that price moves predicted only {slope:.2f} % was seen (95 %: {low:.2f} to "
    "{high:.2f}). Either prices of this data set follow demand, so that a cut that answers falling demand looks weak "
    "even where the parameters are right, or the parameters are too steep; a replay cannot tell the two apart.",
    "没有事件时，价格变动每预测 1 % 也只出现 {slope:.2f} %（95 %：{low:.2f} 至 {high:.2f}）。"
    "或者该数据集的价格随需求变动，为应对需求下滑的降价即使参数正确也显得无效；或者参数过陡。仅凭重放无法区分二者。",
)
SAME_PERIODS = BilingualText(
    en="The parameters were estimated on sales of these same periods: this is a check of fit, not of forecasts.",
    zh="参数由相同各期的销量估计得出：这是拟合检验，不是预测检验。",
)
OTHER_SOURCE = BilingualText(
    en="No parameter of demand has the grade 'estimated', so none was fitted to these sales by the tool; the base of "
    "each replay is the period before its event.",
    zh="需求参数均非“估计”等级，未由本工具用这些销量拟合；每次重放以事件前一期为基期。",
)


def filled(words: Words, found: Agreement, fewest: int) -> BilingualText:
    """Fill the numbers of one way into a sentence."""
    name = WAY_NAMES[found.way]
    values = {key: one for key, one in vars(found).items() if key != "way"}
    en, zh = words
    return BilingualText(
        en=en.format(way=name.en, fewest=fewest, **values),
        zh=zh.format(way=name.zh, fewest=fewest, **values),
    )


def notes(
    same_periods: bool, quiet: tuple[float, float, float, float]
) -> tuple[BilingualText, ...]:
    """Return what a reader must know of a replay; `quiet` is the slope where there was no event."""
    slope, _, low, high = quiet
    source = SAME_PERIODS if same_periods else OTHER_SOURCE
    if not high < 1:
        return (*ALWAYS, source)
    en, zh = (words.format(slope=slope, low=low, high=high) for words in ALSO_WITHOUT)
    return (*ALWAYS, source, BilingualText(en=en, zh=zh))
