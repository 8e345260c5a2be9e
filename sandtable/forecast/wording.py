"""The sentences of the back-test and the base path, in English and in simplified Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from sandtable.data.metadata import BilingualText
from sandtable.forecast.levels import Level


def both(en: str, zh: str, **values: object) -> BilingualText:
    """Fill the same values into both languages."""
    return BilingualText(en=en.format(**values), zh=zh.format(**values))


METHODS: Mapping[str, BilingualText] = {
    "last_value": both("the last value", "最近一期的值"),
    "seasonal_naive": both("the same period a year before", "上年同期值"),
    "seasonal_growth": both(
        "the value of a year before with recent growth", "上年同期值加近期增长"
    ),
    "ets_total": both("ETS of the whole market", "全国市场的指数平滑（ETS）"),
    "ets_region": both("ETS of each region", "分地区的指数平滑（ETS）"),
    "ets": both("plain ETS", "普通指数平滑（ETS）"),
    "last_share": both("the last share", "最近一期的份额"),
    "mean_share": both("the mean share of three periods", "最近三期的平均份额"),
    "seasonal_share": both("the share of the same period a year before", "上年同期份额"),
    "lifecycle": both("persistence with lifecycle", "份额延续加生命周期"),
    "lifecycle_season": both("persistence with lifecycle and season", "份额延续加生命周期与季节"),
}

LEVEL_NAMES: Mapping[Level, BilingualText] = {
    "market_size": both("Market size", "市场容量"),
    "total_units": both("Total units", "总销量"),
    "own_firm_units": both("Units of the own firm", "本企业销量"),
    "own_firm_share": both("Own firm's share of sales", "本企业销量份额"),
    "firm_units": both("Units by firm", "各企业销量"),
    "product_units": both("Units by product", "各产品销量"),
    "product_region_units": both("Units by product and region", "各产品分地区销量"),
}

SURE = (
    "{level}: {method} beats {benchmark} by {skill:.0%} over {origins} origins; of its nominal 80 % intervals "
    "{coverage:.0%} held.",
    "{level}：{method}在 {origins} 个起点上比{benchmark}好 {skill:.0%}；名义 80% 区间的实际覆盖率为 {coverage:.0%}。",
)
SURE_BUT_WIDE_OR_NARROW = (
    "{level}: {method} beats {benchmark} by {skill:.0%} over {origins} origins, but {coverage:.0%} of its "
    "nominal 80 % intervals held; trust the path more than its interval.",
    "{level}：{method}在 {origins} 个起点上比{benchmark}好 {skill:.0%}，但名义 80% 区间的实际覆盖率为 "
    "{coverage:.0%}；路径比区间更可信。",
)
SURE_BUT_BIASED = (
    "{level}: {method} beats {benchmark} by {skill:.0%} over {origins} origins, but was {bias:+.0%} off on "
    "average; correct for it before you plan on it.",
    "{level}：{method}在 {origins} 个起点上比{benchmark}好 {skill:.0%}，但平均偏差为 {bias:+.0%}；用于计划前请先修正。",
)
WORSE = (
    "{level}: {method} has no skill over {benchmark} ({skill:+.0%} over {origins} origins); {used} is used for "
    "this level.",
    "{level}：{method}不优于{benchmark}（{origins} 个起点，技能 {skill:+.0%}）；该层级采用{used}。",
)
WITHIN_NOISE = (
    "{level}: {method} was {skill:.0%} better than {benchmark}, which {origins} origins cannot tell from chance; "
    "{used} is used for this level.",
    "{level}：{method}比{benchmark}好 {skill:.0%}，但 {origins} 个起点无法与偶然区分；该层级采用{used}。",
)
SIMPLE = (
    "{level}: nothing was surely better than {method} over {origins} origins; it is used, and it has no skill "
    "beyond that.",
    "{level}：{origins} 个起点上没有方法确实优于{method}，因此采用它；它没有更多的预测技能。",
)
TOO_LITTLE = (
    "{level}: too little history to judge ({origins} origins, {fewest} are needed); {method} is used.",
    "{level}：历史太短，无法评判（{origins} 个起点，至少需要 {fewest} 个）；采用{method}。",
)
OTHER_PRODUCTS = (
    "{level}: of the products sold at an origin only {rate:.0%} are still sold at the target, so that paths of "
    "products cannot be judged, only the market and the firms; {method} is used.",
    "{level}：起点在售的产品只有 {rate:.0%} 在目标期仍在售，无法评判产品的路径，只能评判市场和企业；采用{method}。",
)

PRICES_HELD = (
    "Prices are held at those of {period}.",
    "价格保持在 {period} 的水平。",
)
NO_LAUNCHES = (
    "Only products sold in {period} are in the path; coming launches are not, nor are products that leave.",
    "路径只含 {period} 在售的产品；不含未来上市的产品，也不考虑退市。",
)
STAYS_AWAY = (
    "{n} products that were sold before, but not in {period}, stay away.",
    "{n} 个曾经在售、但 {period} 未售的产品不再出现。",
)
NO_SEASON = (
    "There is too little history for a season: {n} periods, two full years are needed.",
    "历史太短，无法估计季节性：只有 {n} 期，至少需要两个完整年份。",
)
BEYOND = (
    "Periods more than {horizon} ahead lie beyond the back-test; their intervals are drawn on from the nearer ones.",
    "{horizon} 期以后超出回测范围；其区间由较近各期外推。",
)
SHORTENED = (
    "The history begins in {period}: before it a period, or the market size of a region, is missing.",
    "历史从 {period} 开始：在此之前缺少某一期或某地区的市场容量。",
)
NO_INTERVAL = (
    "There is too little history for intervals.",
    "历史太短，无法给出区间。",
)
TESTED = (
    "{skill:.0%} better than {benchmark} in the back-test of {origins} origins.",
    "在 {origins} 个起点的回测中，比{benchmark}好 {skill:.0%}。",
)
SIMPLEST = (
    "The simplest; nothing was surely better over {origins} origins.",
    "最简单的方法；{origins} 个起点上没有方法确实更好。",
)
TOO_FEW = (
    "The simplest; {origins} origins are too few to prefer another.",
    "最简单的方法；{origins} 个起点不足以支持其他方法。",
)
