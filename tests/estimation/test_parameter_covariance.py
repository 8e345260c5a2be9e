"""A parameter set's covariance and verdict are checked like everything else in it."""

from pathlib import Path

import pytest

from sandtable.data import ParameterSet
from sandtable.data.parameter_faults import note_inconsistencies
from sandtable.documents import parse_document, understand
from sandtable.errors import InputError

SOUND = """\
schema: 1
name: nested
title: {en: Nested, zh: 嵌套}
model: nested_logit
nests: [segment]
price_coefficient: {value: 0.5, standard_error: 0.1, unit: utility, source: tests, grade: estimated}
sigmas: [{value: 0.4, standard_error: 0.2, unit: correlation, source: tests, grade: estimated}]
customer_cash_pass_through: {value: 0.85, unit: share, source: tests, grade: judgement}
covariance: {names: [price_coefficient, sigma_segment], matrix: [[0.01, 0.005], [0.005, 0.04]]}
verdict: {grade: with_care, reasons: [{en: Weak, zh: 弱}]}
targets: [{kind: margin, what: firm Nova, wanted: 0.28, shown: 0.294, miss: 0.05, source: tests}]
diagnosis: {method: 2sls, n: 200, numbers: {weakest_f: 12.5}}
notes: {en: Plain, zh: 普通}
"""


def read(text: str) -> ParameterSet:
    document = parse_document(text.encode(), file="nested.yaml")
    parameters = understand(document, ParameterSet)
    if parameters is not None:
        note_inconsistencies(document, parameters, Path("nested.yaml").stem)
    document.finish()
    assert parameters is not None
    return parameters


def test_a_sound_covariance_and_verdict_are_kept() -> None:
    parameters = read(SOUND)
    assert parameters.covariance is not None
    assert parameters.covariance.matrix == [[0.01, 0.005], [0.005, 0.04]]
    assert parameters.verdict is not None
    assert parameters.verdict.grade == "with_care"
    assert [(one.what, one.miss) for one in parameters.targets] == [("firm Nova", 0.05)]
    assert parameters.diagnosis is not None
    assert parameters.diagnosis.numbers == {"weakest_f": 12.5}


def test_parameters_from_elsewhere_need_neither() -> None:
    lines = [
        line for line in SOUND.splitlines() if not line.startswith(("cova", "verd", "targ", "diag"))
    ]
    parameters = read("\n".join(lines))
    assert parameters.covariance is None
    assert parameters.verdict is None
    assert parameters.targets == []
    assert parameters.diagnosis is None


@pytest.mark.parametrize(
    ("replace", "by", "fault"),
    [
        (
            "sigma_segment]",
            "sigma_segmnt]",
            "nested.yaml, covariance.names[1]: no parameter is called 'sigma_segmnt'; did you mean 'sigma_segment'?",
        ),
        (
            "sigma_segment]",
            "price_coefficient]",
            "nested.yaml, covariance.names[1]: 'price_coefficient' stands twice; keep it once.",
        ),
        (
            "[0.005, 0.04]]",
            "[0.005]]",
            "nested.yaml, covariance.matrix: must have 2 row(s) and column(s), one a name, in their order.",
        ),
        (
            "[0.005, 0.04]]",
            "[0.006, 0.04]]",
            "nested.yaml, covariance.matrix: is not symmetric; copy it as it was estimated.",
        ),
        (
            "[[0.01, 0.005], [0.005, 0.04]]",
            "[[0.01, 0.03], [0.03, 0.04]]",
            "nested.yaml, covariance.matrix: is no covariance (it has a negative eigenvalue).",
        ),
        (
            "[0.005, 0.04]]",
            "[0.005, -0.04]]",
            "nested.yaml, covariance.matrix: holds a variance below 0.",
        ),
        (
            "[0.005, 0.04]]",
            "[0.005, 0.09]]",
            "nested.yaml, covariance.matrix: gives 'sigma_segment' a variance of 0.09, but its standard_error is 0.2 "
            "(squared 0.04); make them equal.",
        ),
        (
            "[{en: Weak, zh: 弱}]",
            "[]",
            "nested.yaml, verdict.reasons: is empty; a verdict of with_care must say why.",
        ),
        (
            "grade: with_care",
            "grade: fine",
            "nested.yaml, verdict.grade: must be 'usable', 'with_care' or 'refuse', not 'fine'.",
        ),
        (
            "miss: 0.05",
            "miss: 0.06",
            "nested.yaml, targets[0].miss: is 0.06, but 0.294 shown against 0.28 wanted is another miss; "
            "write shown / wanted - 1.",
        ),
        (
            "weakest_f: 12.5",
            "weakest_f: .inf",
            "nested.yaml, diagnosis.numbers.weakest_f: must be a finite number, not inf.",
        ),
        ("n: 200", "n: -1", "nested.yaml, diagnosis.n: must be at least 0, not -1."),
        (
            "kind: margin",
            "kind: margins",
            "nested.yaml, targets[0].kind: must be 'margin', 'elasticity', 'diversion', 'second_choice' or "
            "'market_elasticity', not 'margins'.",
        ),
    ],
)
def test_a_broken_one_is_refused_with_its_sentence(replace: str, by: str, fault: str) -> None:
    assert replace in SOUND
    with pytest.raises(InputError) as caught:
        read(SOUND.replace(replace, by))
    assert fault in [str(one) for one in caught.value.faults]
