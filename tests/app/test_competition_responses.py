"""How each firm answers: what is offered, what is said, and what the scenario does with it."""

from __future__ import annotations

import pytest
from competition_sample import languages, order_of

from sandtable.app.competition import findings, held
from sandtable.app.competition.responses import AS_OTHERS, OTHERS, offered_responses, with_response
from sandtable.app.describe import describe_response
from sandtable.app.formatting import Format
from sandtable.app.models import verdict_badge, verdict_label
from sandtable.app.text import Language, Text
from sandtable.data.loading import DataSet
from sandtable.data.parameters import ParameterVerdict
from sandtable.scenario.followed import Followed
from sandtable.scenario.model import LeverMove, Response, Rivals, Scenario
from sandtable.scenario.run import run
from sandtable.scenario.summary import change_by_firm


@pytest.mark.parametrize(
    ("item", "phrase"),
    [
        (Followed("Orion", 6, 6, 0.1, 20.0, 0.5, 1.0), "Orion followed 6 of our 6"),
        (Followed("Orion", 2, 6, 0.3, 20.0, 0.5, 1.0), "No rival follows beyond chance"),
        (Followed("Orion", 6, 6, float("nan"), 0.0, 0.5, 1.0), "cannot be told from habit"),
        (Followed("Orion", 0, 6, 0.3, 20.0, float("nan"), float("nan")), "No rival followed"),
        (Followed("Orion", 3, 3, 0.1, 20.0, 0.5, 1.0), "too few to say"),
    ],
)
def test_who_follows_is_said_only_where_the_count_carries_it(
    item: Followed, phrase: str, data_sets: dict[str, DataSet]
) -> None:
    write = Format("en", data_sets["premium_ev"].metadata)
    assert phrase in findings.who_follows({"Orion": item}, Text("en"), write)


def test_every_response_can_be_chosen_and_read_back() -> None:
    rivals = Rivals("hold", [("Orion", "best_response")])
    for response in offered_responses():
        changed = with_response(rivals, "Lyra", str(response), "Nova")
        assert changed.response("Lyra", "Nova") == response
        assert changed.response("Orion", "Nova") == Response("best_response")
        assert with_response(rivals, OTHERS, str(response), "Nova").default == response
    assert len({str(response) for response in offered_responses()}) == 18


def test_a_firm_that_answers_as_the_others_is_not_named() -> None:
    rivals = Rivals("best_response", [("Orion", "hold"), ("Nova", "best_response")])
    assert with_response(rivals, "Orion", AS_OTHERS, "Nova").by_firm == (
        ("Nova", Response("best_response")),
    )
    # the own firm holds unless it is named; a rival that holds among answering ones is named
    assert dict(with_response(rivals, "Nova", "hold", "Nova").by_firm) == {"Orion": Response()}
    assert ("Lyra", Response()) in with_response(rivals, "Lyra", "hold", "Nova").by_firm


def test_a_choice_that_is_not_offered_changes_nothing() -> None:
    rivals = Rivals("hold", [("Orion", Response("match", 0.8, 5))])
    assert with_response(rivals, "Orion", "match 80 %, lag 5", "Nova") == rivals
    assert with_response(rivals, OTHERS, "match 80 %, lag 5", "Nova") == rivals


@pytest.mark.parametrize(
    ("language", "response", "said"),
    [
        ("en", Response("match", 0.5, 1), "Match 50\u00a0%, lag 1"),
        ("en", Response("match", 0.125, 0), "Match 12.5\u00a0%, lag 0"),
        ("zh", Response("match", 0.5, 1), "跟进 50%，滞后 1 期"),
        ("en", Response("best_response"), "Best response"),
    ],
)
def test_a_response_is_said_in_a_few_words(
    language: Language, response: Response, said: str, data_sets: dict[str, DataSet]
) -> None:
    write = Format(language, data_sets["premium_ev"].metadata)
    assert describe_response(response, Text(language), write) == said


def test_held_and_answered_agree_with_the_summary(data_sets: dict[str, DataSet]) -> None:
    data_set = data_sets["premium_ev"]
    move = LeverMove("list_price", product="N5", value=255_000.0)
    items = [
        run(Scenario("", "premium_ev", levers=(move,), rivals=rivals), data_set).periods[-1]
        for rivals in (Rivals(), Rivals("best_response"))
    ]
    rows = list(range(len(items[0].base.market.regions)))
    for item in items:
        changes = change_by_firm(item)
        for firm in ("Nova", "Orion"):
            assert held.change_of(item, {firm}, rows).units == pytest.approx(changes[firm])
    assert held.change_of(items[0], {"Orion"}, rows).price == 0.0
    assert held.change_of(items[1], {"Orion"}, rows).price != 0.0
    text, write = Text("en"), Format("en", data_set.metadata)
    table = held.held_table(items[0], items[1], order_of(data_set), rows, text, write)
    assert table.count("<th>") == 5
    assert table.count("<tr") == 1 + 7 + 2
    title = held.held_title(items[0], items[1], "Nova", rows, text, write)
    assert write.signed_count(change_by_firm(items[1])["Nova"]) in title
    failed = held.held_table(items[0], None, order_of(data_set), rows, text, write)
    assert failed.count("—") > table.count("—")


@languages
@pytest.mark.parametrize("grade", ["with_care", "refuse"])
def test_a_verdict_is_a_visible_label_with_its_reasons(
    language: Language, grade: str, data_sets: dict[str, DataSet]
) -> None:
    plain = data_sets["premium_ev"].default_parameters
    verdict = ParameterVerdict.model_validate(
        {"grade": grade, "reasons": [{"en": 'Weak "F".', "zh": 'Weak "F".'}]}
    )
    judged = plain.model_copy(update={"verdict": verdict})
    text = Text(language)
    assert verdict_label(judged, text) == text(f"verdict_{grade}")
    drawn = verdict_badge(judged, text)
    assert text(f"verdict_{grade}") in drawn
    assert "Weak &quot;F&quot;." in drawn
    usable = plain.model_copy(update={"verdict": ParameterVerdict(grade="usable", reasons=[])})
    assert verdict_label(plain, text) == verdict_label(usable, text) == ""
    assert "badge" not in verdict_badge(usable, text)
