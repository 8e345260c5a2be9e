"""The table of persons that indicators count by: the people of OneID, all of them, up to the last prospect."""

from pathlib import Path

import pandas as pd
import pytest

from sandtable.indicators import catalogue, compute, opened
from sandtable.indicators.standing_here import standing_here
from sandtable.oneid import SAMPLE_SALT, first_persons, resolve
from sandtable.oneid.reading import read_prospects

RECORDS = Path(__file__).resolve().parents[2] / "market_data" / "premium_ev" / "records"


@pytest.fixture(scope="module")
def persons() -> pd.DataFrame:
    return pd.read_parquet(RECORDS / "persons.parquet")


def test_the_shipped_persons_are_those_of_a_first_run(persons: pd.DataFrame) -> None:
    prospects = read_prospects(RECORDS / "prospects.parquet")
    found = resolve(prospects, salt=SAMPLE_SALT, synthetic=True)
    assert persons["prospect"].tolist() == found.people["prospect"].tolist()
    assert persons["person"].tolist() == found.people["person"].tolist()
    assert set(persons["resolved_at"]) == {prospects["created_at"].max()} == {found.at}
    quick = first_persons(prospects, salt=SAMPLE_SALT, synthetic=True)
    assert quick.equals(found.people)


def test_unique_prospects_count_people_and_not_rows(persons: pd.DataFrame) -> None:
    leads = pd.read_parquet(RECORDS / "leads.parquet")
    person = leads["prospect"].map(persons.set_index("prospect")["person"])
    figure = compute(["sal_prospect_cnt"], "premium_ev")["sal_prospect_cnt"].item()
    assert figure == pytest.approx(person.nunique() / 0.02, rel=1e-12)
    assert figure < leads["prospect"].nunique() / 0.02


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda persons: persons.iloc[1:],
            "of the rows that sal_prospect_cnt counts have no prospect.person; "
            "fill it, or make its table anew.",
        ),
        (
            lambda persons: persons.assign(resolved_at=pd.Timestamp("2026-06-20", tz="UTC")),
            "The last row of persons is 11 d old at the end of the data (2026-06), "
            "but may be 36 h old; load what came since.",
        ),
    ],
    ids=["a prospect without a person", "persons from before the last prospects"],
)
def test_persons_that_are_not_up_to_date_break_what_counts_them(
    persons: pd.DataFrame, change: object, said: str
) -> None:
    leads = pd.read_parquet(RECORDS / "leads.parquet")
    known = persons[persons["prospect"].isin(leads["prospect"])].reset_index(drop=True)
    frames = {"persons": change(known)}  # type: ignore[operator]
    with opened("premium_ev", frames=frames) as (found, engine):
        standings = standing_here(found, engine, ["sal_prospect_cnt", "sal_lead_rate_repeat"])
    assert standings["sal_prospect_cnt"].state == "broken"
    assert any(said in reason for reason in standings["sal_prospect_cnt"].reasons)
    assert any(
        reason.startswith("It rests on sal_prospect_cnt, which is broken:")
        for reason in standings["sal_lead_rate_repeat"].reasons
    )


def test_what_counts_people_reads_the_persons() -> None:
    found = catalogue("premium_ev")
    assert (
        found.leaf("sal_prospect_cnt").measure == found.leaf("sal_prospect_cnt_cohort_90d").measure
    )
