"""The written rules by which a calibration or a posterior is usable, used with care, or refused; data, not code."""

from __future__ import annotations

from collections.abc import Mapping

from sandtable.data.verdicts import Rule, Verdict, judge_by

_SHAPE = (
    Rule(
        "lowest_sigma",
        "<",
        0.0,
        "refuse",
        "A nesting parameter is {value}, below 0: products of one nest would be less alike than others.",
        "有嵌套参数为 {value}，小于 0：同层产品反而更不相似。",
        "Give it a sharper prior above 0, or drop the nest.",
        "请为其设定更精确的正先验，或去掉该层。",
    ),
    Rule(
        "highest_sigma",
        ">=",
        1.0,
        "refuse",
        "A nesting parameter is {value}; it must be below 1.",
        "有嵌套参数为 {value}，必须小于 1。",
        "Give it a sharper prior below 1, or drop the nest.",
        "请为其设定更精确且小于 1 的先验，或去掉该层。",
    ),
    Rule(
        "highest_sigma",
        ">",
        0.9,
        "with_care",
        "A nesting parameter is {value}: nearly all substitution stays within the nest.",
        "有嵌套参数为 {value}：替代几乎全部发生在层内。",
        "Check the diversion figures, or use a coarser nest.",
        "请核对转移率数据，或使用更粗的层。",
    ),
    Rule(
        "sigma_disorder",
        ">",
        0.0,
        "refuse",
        "The outer nesting parameter exceeds the inner one by {value}; the inner nest must be the closer one.",
        "外层嵌套参数比内层大 {value}；内层产品应更相似。",
        "Exchange the nests, use one of them, or give both a prior.",
        "请交换嵌套层、只保留一层，或为两者都设定先验。",
    ),
)
_ECONOMY = (
    Rule(
        "inelastic_rate",
        ">",
        0.5,
        "refuse",
        "Own elasticity is below 1 in size in {value} of the products and regions; no firm would price there.",
        "{value} 的产品与地区自身弹性绝对值小于 1；企业不会在此定价。",
        "Check the margins and elasticities given; a larger price coefficient mends it.",
        "请核对所给毛利与弹性；价格系数更大即可修正。",
    ),
    Rule(
        "inelastic_rate",
        ">",
        0.1,
        "with_care",
        "Own elasticity is below 1 in size in {value} of the products and regions.",
        "{value} 的产品与地区自身弹性绝对值小于 1。",
        "Check the margins and elasticities given; a larger price coefficient mends it.",
        "请核对所给毛利与弹性；价格系数更大即可修正。",
    ),
    Rule(
        "median_own_elasticity",
        "<",
        -12.0,
        "with_care",
        "The median own elasticity is {value}: margins would be under one tenth of the price.",
        "自身弹性中位数为 {value}：毛利将不足售价的十分之一。",
        "Check the margins and elasticities given; a smaller price coefficient mends it.",
        "请核对所给毛利与弹性；价格系数更小即可修正。",
    ),
    Rule(
        "negative_cost_rate",
        ">",
        0.25,
        "refuse",
        "Implied marginal cost is negative in {value} of the products and regions.",
        "{value} 的产品与地区隐含边际成本为负。",
        "Free the price spread or lower the margins: cheap cars cannot carry the markup of dear ones.",
        "请放开价格系数的离散度或调低毛利：低价车无法承担高价车的加价。",
    ),
    Rule(
        "negative_cost_rate",
        ">",
        0.02,
        "with_care",
        "Implied marginal cost is negative in {value} of the products and regions.",
        "{value} 的产品与地区隐含边际成本为负。",
        "Free the price spread or lower the margins: cheap cars cannot carry the markup of dear ones.",
        "请放开价格系数的离散度或调低毛利：低价车无法承担高价车的加价。",
    ),
)
_PRICE = (
    Rule(
        "price_t",
        "<",
        1.0,
        "refuse",
        "The price coefficient is only {value} standard errors away from 0: what is given does not show it.",
        "价格系数距零仅 {value} 个标准误：所给信息无法确定。",
        "Give what tells it better: a known margin, an elasticity of the literature, second choices.",
        "请补充更有信息的数据：已知毛利、文献弹性或第二选择。",
    ),
    Rule(
        "price_t",
        "<",
        2.0,
        "with_care",
        "The price coefficient is {value} standard errors away from 0, fewer than 2.",
        "价格系数距零 {value} 个标准误，不足 2。",
        "Give what tells it better: a known margin, an elasticity of the literature, second choices.",
        "请补充更有信息的数据：已知毛利、文献弹性或第二选择。",
    ),
)
CALIBRATION_RULES: tuple[Rule, ...] = (
    Rule(
        "largest_miss",
        ">",
        0.25,
        "refuse",
        "The largest miss of a target is {value}: the model cannot show what is known.",
        "目标的最大偏差为 {value}：模型无法再现已知数据。",
        "Drop the target that is least sure, free another parameter, or use another model.",
        "请去掉最不可靠的目标、放开另一个参数，或更换模型。",
    ),
    Rule(
        "largest_miss",
        ">",
        0.05,
        "with_care",
        "The largest miss of a target is {value}.",
        "目标的最大偏差为 {value}。",
        "Drop the target that is least sure, free another parameter, or use another model.",
        "请去掉最不可靠的目标、放开另一个参数，或更换模型。",
    ),
    Rule(
        "target_conflict_p",
        "<",
        0.01,
        "with_care",
        "The targets contradict each other beyond their errors (p {value}).",
        "各目标之间的矛盾超出其误差（p 值 {value}）。",
        "Check the targets that are missed most, or give them larger errors.",
        "请核对偏差最大的目标，或放大其误差。",
    ),
    Rule(
        "identification",
        "<",
        1e-5,
        "refuse",
        "The targets do not tell the free parameters apart (identification {value}).",
        "目标无法区分各自由参数（识别度 {value}）。",
        "Fix a parameter, or give a target of another kind: diversion tells nests, margins tell the price coefficient.",
        "请固定一个参数，或给出另一类目标：转移率决定嵌套参数，毛利决定价格系数。",
    ),
    Rule(
        "identification",
        "<",
        0.01,
        "with_care",
        "The targets hardly tell the free parameters apart (identification {value}).",
        "目标几乎无法区分各自由参数（识别度 {value}）。",
        "Fix a parameter, or give a target of another kind: diversion tells nests, margins tell the price coefficient.",
        "请固定一个参数，或给出另一类目标：转移率决定嵌套参数，毛利决定价格系数。",
    ),
    Rule(
        "parameters_at_bound",
        ">",
        0.0,
        "with_care",
        "{value} parameter(s) ended on a bound of the search; the targets ask for more than the range allows.",
        "{value} 个参数停在搜索边界；目标要求超出允许范围。",
        "Widen the range if that makes sense, or check the targets.",
        "若合理请放宽范围，否则请核对目标。",
    ),
    *_PRICE,
    *_SHAPE[2:3],
    *_ECONOMY,
)
POSTERIOR_RULES: tuple[Rule, ...] = (
    *_PRICE,
    *_SHAPE,
    Rule(
        "conflict_p",
        "<",
        0.05,
        "with_care",
        "Data and priors contradict each other (p {value}): their average may be wrong in both directions.",
        "数据与先验相互矛盾（p 值 {value}）：两者的折中可能都不对。",
        "Check the instruments of the estimate and whether the priors fit this market, or widen the priors.",
        "请检查估计的工具变量以及先验是否适用于本市场，或放宽先验。",
    ),
    Rule(
        "weight_of_refused_estimate",
        ">",
        0.5,
        "refuse",
        "The estimate was refused by its own rules, and the price coefficient takes {value} of its weight from it.",
        "该估计已被其自身规则否决，而价格系数有 {value} 的权重来自它。",
        "Mend the estimate, or use the calibration alone.",
        "请改进估计，或只使用校准结果。",
    ),
    Rule(
        "weight_of_refused_estimate",
        ">",
        0.0,
        "with_care",
        "The estimate was refused by its own rules; the price coefficient takes {value} of its weight from it.",
        "该估计已被其自身规则否决；价格系数有 {value} 的权重来自它。",
        "Mend the estimate, or use the calibration alone.",
        "请改进估计，或只使用校准结果。",
    ),
    Rule(
        "weight_of_careful_estimate",
        ">",
        0.5,
        "with_care",
        "The estimate is to be used with care by its own rules, and the price coefficient takes {value} of its weight "
        "from it.",
        "该估计按其自身规则须谨慎使用，而价格系数有 {value} 的权重来自它。",
        "Mend the estimate, or add priors that say more.",
        "请改进估计，或补充更有信息的先验。",
    ),
    *_ECONOMY,
)
RATES = (
    "largest_miss",
    "inelastic_rate",
    "negative_cost_rate",
    "weight_of_refused_estimate",
    "weight_of_careful_estimate",
)


def judge_calibration(facts: Mapping[str, float | None]) -> Verdict:
    """Hold the facts of a calibration against its rules."""
    return judge_by(CALIBRATION_RULES, facts, rates=RATES)


def judge_posterior(facts: Mapping[str, float | None]) -> Verdict:
    """Hold the facts of a posterior against its rules."""
    return judge_by(POSTERIOR_RULES, facts, rates=RATES)
