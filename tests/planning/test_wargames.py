"""War games: a best response is one, a round is a scenario of its own, a replay gives the same numbers."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sandtable.cli import app
from sandtable.data.loading import DataSet
from sandtable.errors import InputError
from sandtable.planning.options.wargame_files import read_war_game
from sandtable.planning.options.wargame_folder import STANDINGS, differences, save
from sandtable.planning.options.wargames import Played, Round, Turn, WarGame, best_response, play
from sandtable.scenario.files import read_scenario
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.run import run
from sandtable.scenario.summary import totals
from sandtable.units import Change
from tests.planning.planned import CUT, data_set, scenario

FOLDER = Path(__file__).parents[2] / "scenarios" / "games"
SHIPPED = FOLDER / "price-war.yaml"
MONTHS = ("2026-05", "2026-06")


@cache
def small_game() -> tuple[WarGame, DataSet]:
    """Two rounds over two months: a cut, then the answer of the firm that lost most."""
    start = scenario(months=MONTHS)
    rounds = (
        Round(MONTHS[0], (Turn("Nova", (replace(CUT, first=MONTHS[0]),)),)),
        Round(MONTHS[1], (Turn("Orion", "best_response"), Turn("Nova", "best_response"))),
    )
    return WarGame("A small war", start, ("Nova", "Orion"), rounds), data_set("premium_ev")


@cache
def small_play() -> list[Played]:
    return play(*small_game())


@pytest.mark.parametrize("firm", ["Nova", "Orion"])
@pytest.mark.parametrize("start", [scenario(), scenario(CUT)], ids=["base", "after a cut"])
def test_a_best_response_cannot_be_bettered_by_any_product(start: Scenario, firm: str) -> None:
    loaded = data_set("premium_ev")
    result = run(start, loaded)
    levers = best_response(result, firm, result.periods[0].base.period)
    answered = replace(start, levers=(*start.levers, *levers))

    def profit(*more: LeverMove) -> float:
        found = run(replace(answered, levers=(*answered.levers, *more)), loaded)
        return totals(found.periods, firm)[1].contribution_profit

    best = profit()
    assert best >= totals(result.periods, firm)[1].contribution_profit * (1 - 1e-9)
    products = loaded.tables["products"]
    lever = "list_price" if firm == "Nova" else "rival_price"
    for product in products.loc[products["firm"] == firm, "product"]:
        for part in (-0.01, 0.01):
            # another key than the levers before, so that it comes on top
            move = LeverMove(
                lever, product=product, change=Change("relative", part), last="2026-06"
            )
            assert profit(move) < best


def test_nobody_moves_from_an_equilibrium() -> None:
    """Costs are those at which the observed prices are everybody's best response."""
    result = run(scenario(), data_set("premium_ev"))
    for firm in ("Nova", "Cetus"):
        for move in best_response(result, firm, result.periods[0].base.period):
            assert move.change is not None
            assert abs(move.change.amount) < 0.01


def test_a_round_is_a_scenario_that_gives_its_standings_when_it_is_run_alone(
    tmp_path: Path,
) -> None:
    played = small_play()
    save(played, tmp_path)
    for one in played:
        alone, loaded = read_scenario(tmp_path / f"round-{one.number}.yaml")
        found = run(alone, loaded)
        for row in one.standings.to_dict(orient="records"):
            _, after = totals(found.periods, str(row["firm"]))
            np.testing.assert_allclose(
                [row["units"], row["contribution_profit"]],
                [after.units, after.contribution_profit],
                rtol=1e-9,
            )


def test_firms_move_in_turn_and_later_ones_see_what_was_done() -> None:
    first, second = small_play()
    assert list(first.levers) == ["Nova"]
    assert list(second.levers) == ["Orion", "Nova"]
    assert {move.first for moves in second.levers.values() for move in moves} == {MONTHS[1]}
    assert {move.lever for move in second.levers["Orion"]} == {"rival_price"}
    profit = second.standings.set_index("firm")["contribution_profit"]
    before = first.standings.set_index("firm")["contribution_profit"]
    assert profit["Nova"] > before["Nova"]  # it moved last, from a price that it had cut too far


def test_a_replay_says_what_drifted(tmp_path: Path) -> None:
    played = small_play()
    save(played, tmp_path)
    assert differences(played, tmp_path) == []
    saved = json.loads((tmp_path / STANDINGS).read_text(encoding="utf-8"))
    saved[1]["standings"][1]["units"] *= 1.001
    (tmp_path / STANDINGS).write_text(json.dumps(saved), encoding="utf-8")
    assert differences(played, tmp_path) == ["round 2: units of Orion drifted."]
    assert differences(played[:1], tmp_path) == ["2 rounds were saved, 1 are played now."]
    with pytest.raises(InputError, match="holds no game"):
        differences(played, tmp_path / "nowhere")


FAULTS = {
    "turns[1]: no firm is called 'Orien'; did you mean 'Orion'?": (
        "turns: [Nova, Orion",
        "turns: [Nova, Orien",
    ),
    "rounds[0].moves.Orion: 'Orion' has no turn; add it to turns.": (
        "turns: [Nova, Orion, Lyra]",
        "turns: [Nova, Lyra]",
    ),
    "rounds[1].from: is 2026-08; each round begins after the one before (2026-08).": (
        "from: 2026-10",
        "from: 2026-08",
    ),
    "rounds[0].from: is 2027-08; expected a period of the horizon of 'start.yaml'.": (
        "from: 2026-08",
        "from: 2027-08",
    ),
    "rounds[0].moves.Orion: 'nova-cuts-n5.yaml' pulls list_price, which is Nova's, not Orion's.": (
        "Orion: best_response, Lyra",
        "Orion: nova-cuts-n5.yaml, Lyra",
    ),
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_fault_of_a_game_is_said_at_its_place(tmp_path: Path, sentence: str) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "games"))
    old, new = FAULTS[sentence]
    file = folder / SHIPPED.name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_war_game(file)
    assert sentence in str(refused.value)


@pytest.mark.slow
def test_the_shipped_game_is_played_saved_and_reproduced(tmp_path: Path) -> None:
    out = tmp_path / "game"
    first = CliRunner().invoke(app, ["wargame", str(SHIPPED), "--out", str(out)])
    assert first.exit_code == 0, first.output
    again = CliRunner().invoke(app, ["wargame", str(SHIPPED), "--replay", str(out), "--json"])
    assert json.loads(again.stdout)["drifted"] == []
    assert sorted(path.name for path in out.iterdir()) == [
        *(f"round-{number}.yaml" for number in (1, 2, 3)),
        STANDINGS,
    ]
