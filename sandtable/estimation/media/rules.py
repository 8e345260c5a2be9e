"""The written rules by which a fitted response is usable, to be used with care, or refused; data, not code."""

from __future__ import annotations

from collections.abc import Mapping

from sandtable.data.verdicts import Rule, Verdict, judge_by

_SIZE_MEND = (
    "Something else moved with the spend: add the effects or controls that are missing, or give narrower priors.",
    "投放可能与其他因素同时变化：请加入缺失的固定效应或控制变量，或收窄先验。",
)
_WEAK_MEND = (
    "Vary the spend between regions on purpose, or give the result of an experiment as a prior.",
    "请在地区间有意识地变化投放，或把实验结果写入先验。",
)
_LONG_MEND = (
    "A trend that the model does not hold looks like a long memory: add periods, or narrow the prior.",
    "模型未含的趋势会被误认为长期记忆：请增加期数，或收窄先验。",
)
_SEEN_MEND = (
    "Read the curve only within the spend that was seen.",
    "请只在已观测的投放范围内解读曲线。",
)
RULES: tuple[Rule, ...] = (
    Rule(
        "free_elasticity",
        "<",
        0.0,
        "refuse",
        "Left free of priors and sign, the data say {value}: more media would sell fewer cars.",
        "去掉先验与符号约束后，数据给出的弹性为 {value}：多投放反而少卖车。",
        *_SIZE_MEND,
    ),
    Rule(
        "free_elasticity_t",
        "<",
        2.0,
        "with_care",
        "Left free of priors, the elasticity of all media is {value} standard errors above 0, fewer than 2: "
        "the data hardly show that media work.",
        "去掉先验后，全部媒体的弹性仅高于零 {value} 个标准误，不足 2：数据几乎未显示媒体有效。",
        *_WEAK_MEND,
    ),
    Rule(
        "long_run_elasticity",
        ">",
        0.6,
        "refuse",
        "One per cent more of all media would sell {value} per cent more in the long run; above {threshold} is not "
        "credible.",
        "全部媒体长期弹性为 {value}；高于 {threshold} 不可信。",
        *_SIZE_MEND,
    ),
    Rule(
        "long_run_elasticity",
        ">",
        0.3,
        "with_care",
        "One per cent more of all media would sell {value} per cent more in the long run; the published mean is 0.24.",
        "全部媒体长期弹性为 {value}；已发表的均值约为 0.24。",
        *_SIZE_MEND,
    ),
    Rule(
        "highest_carry_over",
        ">",
        0.97,
        "refuse",
        "A carry-over is {value} (a month, where periods are weeks): that channel would be at work for years.",
        "有渠道的延续率为 {value}（周数据折算为月）：其效果将持续数年。",
        *_LONG_MEND,
    ),
    Rule(
        "highest_carry_over",
        ">",
        0.85,
        "with_care",
        "A carry-over is {value} (a month, where periods are weeks); it is hard to tell from a slow trend.",
        "有渠道的延续率为 {value}（周数据折算为月）；难以与缓慢趋势区分。",
        *_LONG_MEND,
    ),
    Rule(
        "periods",
        "<",
        12.0,
        "refuse",
        "There are {value} periods (weeks as parts of months); memory and saturation need at least {threshold}.",
        "仅有 {value} 期（周数据折算为月）；延续与饱和至少需要 {threshold} 期。",
        "Give more periods, or take the priors as they are.",
        "请增加期数，或直接采用先验。",
    ),
    Rule(
        "periods",
        "<",
        24.0,
        "with_care",
        "There are {value} periods (weeks as parts of months), fewer than {threshold}: memory and seasons are hard "
        "to tell apart.",
        "仅有 {value} 期（周数据折算为月），不足 {threshold} 期：延续与季节难以区分。",
        "Give more periods.",
        "请增加期数。",
    ),
    Rule(
        "least_variation",
        "<",
        0.02,
        "with_care",
        "What a channel reaches varies by {value} only, once effects are taken out; its response rests on the priors.",
        "剔除固定效应后，有渠道的饱和程度仅变化 {value}；其响应主要来自先验。",
        *_WEAK_MEND,
    ),
    Rule(
        "half_beyond",
        ">",
        2.0,
        "with_care",
        "Half saturation of a channel lies {value} times beyond the stocks that were seen: the curve there is a guess.",
        "有渠道的半饱和点超出已观测存量 {value} 倍：该处曲线属于外推。",
        *_SEEN_MEND,
    ),
    Rule(
        "unlearnt_rate",
        ">",
        0.5,
        "with_care",
        "The effects of {value} of the channels are hardly more than their priors.",
        "{value} 的渠道效应几乎只反映先验。",
        *_WEAK_MEND,
    ),
    Rule(
        "clusters",
        "<",
        30.0,
        "with_care",
        "There are {value} clusters; clustered errors need about {threshold}.",
        "仅有 {value} 个聚类；聚类标准误约需 {threshold} 个。",
        "Read the errors as too small.",
        "请视标准误为偏小。",
    ),
)
RATES = ("least_variation", "unlearnt_rate")


def judge(facts: Mapping[str, float | None]) -> Verdict:
    """Hold the facts of a fitted response against the rules (see `sandtable.data.verdicts.judge_by`)."""
    return judge_by(RULES, facts, rates=RATES)
