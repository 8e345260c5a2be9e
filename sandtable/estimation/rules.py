"""The written rules by which an estimate is usable, to be used with care, or refused; data, not code."""

from __future__ import annotations

from collections.abc import Mapping

from sandtable.data.verdicts import Rule, Verdict, judge_by

_WEAK_MEND = (
    "Name instruments that move the variable more: cost shifters, sums within nests, rivals' characteristics.",
    "请加入更能推动该变量的工具变量：成本变动、层内竞品特征之和。",
)
_ELASTICITY_MEND = (
    "Instrument the price (method 2sls or gmm), add product effects, or use stronger cost shifters.",
    "请为价格使用工具变量（2sls 或 gmm）、加入产品固定效应或更强的成本变量。",
)
_COST_MEND = (
    "A larger price coefficient mends it: better instruments, or calibrate to a known margin.",
    "价格系数更大即可修正：改进工具变量，或按已知毛利校准。",
)
_SIGMA_MEND = (
    "Use other nests or fewer of them, or instruments that move shares within nests (counts by nest).",
    "请更换或减少嵌套层，或加入推动层内份额的工具变量（层内产品数）。",
)
RULES: tuple[Rule, ...] = (
    Rule(
        "price_coefficient",
        "<=",
        0.0,
        "refuse",
        "The price coefficient is {value}: a dearer car would sell better.",
        "价格系数为 {value}：涨价反而多卖，不合常理。",
        *_ELASTICITY_MEND,
    ),
    Rule(
        "price_t",
        "<",
        1.0,
        "refuse",
        "The price coefficient is only {value} standard errors away from 0: the data do not show it.",
        "价格系数距零仅 {value} 个标准误：数据无法识别。",
        *_WEAK_MEND,
    ),
    Rule(
        "price_t",
        "<",
        2.0,
        "with_care",
        "The price coefficient is {value} standard errors away from 0, fewer than 2.",
        "价格系数距零 {value} 个标准误，不足 2。",
        *_WEAK_MEND,
    ),
    Rule(
        "lowest_sigma",
        "<",
        0.0,
        "refuse",
        "A nesting parameter is {value}, below 0: products of one nest would be less alike than others.",
        "有嵌套参数为 {value}，小于 0：同层产品反而更不相似。",
        *_SIGMA_MEND,
    ),
    Rule(
        "highest_sigma",
        ">=",
        1.0,
        "refuse",
        "A nesting parameter is {value}; it must be below 1.",
        "有嵌套参数为 {value}，必须小于 1。",
        *_SIGMA_MEND,
    ),
    Rule(
        "highest_sigma",
        ">",
        0.9,
        "with_care",
        "A nesting parameter is {value}: nearly all substitution stays within the nest.",
        "有嵌套参数为 {value}：替代几乎全部发生在层内。",
        *_SIGMA_MEND,
    ),
    Rule(
        "sigma_disorder",
        ">",
        0.0,
        "refuse",
        "The outer nesting parameter exceeds the inner one by {value}; the inner nest must be the closer one.",
        "外层嵌套参数比内层大 {value}；内层产品应更相似。",
        "Exchange the two nests, or keep one.",
        "请交换两层，或只保留一层。",
    ),
    Rule(
        "parameters_at_edge",
        ">",
        0.0,
        "with_care",
        "{value} parameter(s) ended on the edge of what is allowed; their errors say little.",
        "有 {value} 个参数停在允许范围的边界上，其标准误参考价值有限。",
        "Use a simpler model, or instruments that tell the parameters apart.",
        "请使用更简单的模型，或能区分这些参数的工具变量。",
    ),
    Rule(
        "starts_disagree",
        ">",
        0.0,
        "with_care",
        "Searches from different starts ended in different places; the best is shown.",
        "不同起点的搜索结果不一致，此处给出最优者。",
        "Give more starts, or add instruments.",
        "请增加起点，或增加工具变量。",
    ),
    Rule(
        "instrumented",
        "<",
        1.0,
        "with_care",
        "Price is not instrumented; firms charge more for what customers like, so the coefficient is too small.",
        "价格未使用工具变量；受欢迎的车定价更高，系数因此偏小。",
        *_ELASTICITY_MEND,
    ),
    Rule(
        "weakest_f",
        "<",
        4.0,
        "refuse",
        "The instruments are too weak: the least conditional first-stage F is {value}, below {threshold}.",
        "工具变量过弱：条件第一阶段 F 最低为 {value}，小于 {threshold}。",
        *_WEAK_MEND,
    ),
    Rule(
        "weakest_f",
        "<",
        10.0,
        "with_care",
        "The instruments are weak: the least conditional first-stage F is {value}, below {threshold}.",
        "工具变量偏弱：条件第一阶段 F 最低为 {value}，小于 {threshold}。",
        *_WEAK_MEND,
    ),
    Rule(
        "over_identification_p",
        "<",
        0.01,
        "with_care",
        "The instruments contradict each other (over-identification p {value}): some are part of taste.",
        "工具变量相互矛盾（过度识别检验 p 值 {value}）：其中一些与偏好相关。",
        "Drop the instruments that could be part of taste, or add product and period effects.",
        "请去掉可能与偏好相关的工具变量，或加入产品与时间固定效应。",
    ),
    Rule(
        "inelastic_rate",
        ">",
        0.5,
        "refuse",
        "Own elasticity is below 1 in size in {value} of the observations; no firm would price there.",
        "{value} 的观测自身弹性绝对值小于 1；企业不会在此定价。",
        *_ELASTICITY_MEND,
    ),
    Rule(
        "inelastic_rate",
        ">",
        0.1,
        "with_care",
        "Own elasticity is below 1 in size in {value} of the observations.",
        "{value} 的观测自身弹性绝对值小于 1。",
        *_ELASTICITY_MEND,
    ),
    Rule(
        "median_own_elasticity",
        "<",
        -12.0,
        "with_care",
        "The median own elasticity is {value}: margins would be under one tenth of the price.",
        "自身弹性中位数为 {value}：毛利将不足售价的十分之一。",
        *_SIGMA_MEND,
    ),
    Rule(
        "negative_cost_rate",
        ">",
        0.25,
        "refuse",
        "Implied marginal cost is negative in {value} of the observations.",
        "{value} 的观测隐含边际成本为负。",
        *_COST_MEND,
    ),
    Rule(
        "negative_cost_rate",
        ">",
        0.02,
        "with_care",
        "Implied marginal cost is negative in {value} of the observations.",
        "{value} 的观测隐含边际成本为负。",
        *_COST_MEND,
    ),
    Rule(
        "clusters",
        "<",
        30.0,
        "with_care",
        "There are {value} clusters; clustered errors need about {threshold}.",
        "仅有 {value} 个聚类；聚类标准误约需 {threshold} 个。",
        "Cluster by a finer group, or read the errors as too small.",
        "请使用更细的聚类，或视标准误为偏小。",
    ),
    Rule(
        "dropped_rate",
        ">",
        0.05,
        "with_care",
        "{value} of the rows had no sales and were left out; small shares are then overstated.",
        "{value} 的行无销量而被剔除，小份额因此被高估。",
        "Use longer periods or larger regions, so that fewer cells are empty.",
        "请使用更长的期间或更大的区域，以减少空单元。",
    ),
)
RATES = ("inelastic_rate", "negative_cost_rate", "dropped_rate")


def judge(facts: Mapping[str, float | None]) -> Verdict:
    """Hold the facts of an estimate against the rules (see `sandtable.data.verdicts.judge_by`)."""
    return judge_by(RULES, facts, rates=RATES)
