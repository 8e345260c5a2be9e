"""The record tables: they agree with the aggregated ones, what is planted can be found, and a seed is a seed."""

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandtable.cli import app, run_command
from sandtable.data import DataSet, load_data_set
from sandtable.documents import read_document
from sandtable.errors import InputError
from sandtable.synthetic.records import SCHEMAS, Basis, draw_records, fill, write_records
from sandtable.synthetic.records.contacts import Contacts, written
from sandtable.synthetic.records.journeys import KINDS, DealerTruth
from sandtable.synthetic.records.tables import TRUTH

FOLDER = Path(__file__).resolve().parents[2] / "market_data" / "premium_ev"
RECORDS = FOLDER / "records"
SEED = 20260630
RATES = {"test_drive": "test_drives", "order": "orders", "delivery": "deliveries"}


@cache
def data_set() -> DataSet:
    return load_data_set(FOLDER)


@cache
def basis(first: str = "", last: str = "") -> Basis:
    usual = Basis.of(data_set().tables, "Nova")
    months = tuple(month for month in usual.periods if first <= month <= (last or "9999"))
    return Basis(usual.firm, usual.tables, months)


@cache
def table(name: str) -> pd.DataFrame:
    return pd.read_parquet(RECORDS / f"{name}.parquet")


@cache
def funnel() -> pd.DataFrame:
    return data_set().tables["funnel"].query("period >= '2025-04'")


def drawn(seed: int, scale: float, first: str, last: str) -> dict[str, pa.Table]:
    parts: dict[str, list[pa.Table]] = {}
    for _, chunk in draw_records(basis(first, last), seed, scale):
        for name, rows in chunk.items():
            parts.setdefault(name, []).append(rows)
    return {name: pa.concat_tables(rows) for name, rows in parts.items()}


@cache
def one_month_whole() -> dict[str, pd.DataFrame]:
    return {name: rows.to_pandas() for name, rows in drawn(3, 1.0, "2026-02", "2026-02").items()}


def month_of(times: pd.Series) -> pd.Series:
    return times.dt.strftime("%Y-%m")


def days(later: pd.Series, earlier: pd.Series) -> pd.Series:
    return (later - earlier.reindex(later.index)).dropna().dt.total_seconds() / 86_400


def events(kind: str) -> pd.Series:
    rows = table("lead_events").query("kind == @kind")
    return rows.drop_duplicates("lead").set_index("lead")["at"]


def created() -> pd.Series:
    return table("leads").set_index("lead")["created_at"]


def test_the_shipped_sample_has_the_promised_columns_types_and_size() -> None:
    readme = read_document(RECORDS / "README.yaml").value
    assert readme["sample"] == 0.02
    assert set(readme["tables"]) == {*SCHEMAS, "persons"}
    for name, schema in SCHEMAS.items():
        file = RECORDS / f"{name}.parquet"
        assert pq.read_schema(file).equals(schema), name
        about = readme["tables"][name]
        assert about["rows"] == pq.read_metadata(file).num_rows
        assert about["bytes"] == file.stat().st_size
        assert about["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert sum(path.stat().st_size for path in RECORDS.iterdir()) <= 3_300_000


def test_records_are_outside_the_fingerprint_of_the_data_set(tmp_path: Path) -> None:
    import shutil

    copy = shutil.copytree(FOLDER, tmp_path / "premium_ev")
    shutil.rmtree(copy / "records")
    assert load_data_set(copy).sha256 == data_set().sha256


def test_keys_are_unique_and_references_are_met() -> None:
    for name, keys in {
        "prospects": ["prospect"],
        "leads": ["lead"],
        "lead_events": ["event"],
        "exposures": ["month", "region", "channel"],
        "offers": ["lead"],
        "stock": ["month", "dealer", "product"],
        "owners": ["owner"],
        "owner_activity": ["owner", "month"],
        "service_visits": ["visit"],
        "surveys": ["survey"],
        "targets": ["month", "region", "product"],
    }.items():
        assert not table(name).duplicated(keys).any(), name
    people = pd.read_parquet(FOLDER / "answer_key" / "people.parquet")
    assert set(people["prospect"]) == set(table("prospects")["prospect"])
    prospects, owners = set(table("prospects")["prospect"]), set(table("owners")["owner"])
    leads = set(table("leads")["lead"])
    assert set(table("leads")["prospect"]) <= prospects
    assert set(table("owners")["prospect"]) <= prospects
    assert set(table("leads")["referrer"].dropna()) <= owners
    for name in ("owner_activity", "service_visits", "surveys"):
        assert set(table(name)["owner"]) <= owners, name
    for name in ("lead_events", "offers"):
        assert set(table(name)["lead"]) <= leads, name


@pytest.mark.slow
def test_all_times_lie_in_the_months_and_in_their_order() -> None:
    end = pd.Timestamp("2026-07-01", tz="UTC")
    assert table("leads")["created_at"].between("2025-04-01", end).all()
    log = table("lead_events")
    assert log["at"].max() < end
    assert (log["at"] > created().loc[log["lead"]].to_numpy()).all()
    for before, after in [("response", "card"), ("card", "test_drive"), ("test_drive", "order")]:
        assert (days(events(after), events(before)) >= 0).all(), (before, after)
    owners = table("owners")
    gone = owners["left_at"].notna()
    assert (gone == owners["left_to"].notna()).all()
    assert (owners["left_at"] > owners["delivered_at"])[gone].all()
    visits = table("service_visits").merge(owners, on="owner")
    assert (visits["at"] >= visits["delivered_at"]).all()
    assert not (visits["at"] >= visits["left_at"]).any()


def test_leads_by_month_dealer_and_product_are_a_fiftieth_of_the_funnel() -> None:
    leads = table("leads")
    keys = ["period", "dealer", "product"]
    counts = leads.assign(period=month_of(leads["created_at"])).groupby(keys).size()
    expected = 0.02 * funnel().set_index(keys)["leads"]
    assert counts.index.isin(expected.index).all()
    misses = counts.reindex(expected.index, fill_value=0) - expected
    assert (misses**2 / (0.98 * expected)).mean() == pytest.approx(1, abs=0.05)  # binomial
    assert counts.sum() == pytest.approx(expected.sum(), rel=0.01)


@pytest.mark.slow
def test_at_scale_1_the_leads_of_a_month_meet_every_count_of_the_funnel() -> None:
    leads, log = one_month_whole()["leads"], one_month_whole()["lead_events"]
    keys = ["region", "dealer", "product"]
    cells = funnel().query("period == '2026-02'").set_index(keys)
    assert (leads.groupby(keys).size() == cells["leads"][cells["leads"] > 0]).all()
    cards = leads[leads["lead"].isin(log.query("kind == 'card'")["lead"])]
    # the cards of the last hours fall into the next month, which this run does not hold
    assert len(cards) == pytest.approx(cells["cards"].sum(), rel=0.01)


@pytest.mark.slow
def test_the_stages_have_the_rates_of_the_funnel() -> None:
    early = created()[created() < "2026-01-01"].index  # long enough ago to have come to an end
    expected = funnel().query("period < '2026-01'")
    before, n_before = "leads", len(early)
    for kind, stage in RATES.items():
        reached = events(kind).index.isin(early).sum()
        rate = expected[stage].sum() / expected[before].sum()
        deviation = np.sqrt(rate * (1 - rate) / n_before)
        assert reached / n_before == pytest.approx(rate, abs=4 * deviation), kind
        before, n_before = stage, reached


def test_the_weak_links_show_in_the_events_too() -> None:
    leads = table("leads")[table("leads")["created_at"] < "2026-05-01"]
    driven = leads["lead"].isin(events("test_drive").index)
    ordered = leads["lead"].isin(events("order").index)
    by_dealer = driven.groupby(leads["dealer"]).mean()
    assert by_dealer["D031"] < by_dealer.quantile(0.05)
    by_region = driven.groupby(leads["region"]).mean()
    assert by_region.idxmin() == "Sichuan"
    orders = ordered[driven].groupby(leads["dealer"][driven]).mean()
    assert orders["D066"] < orders.quantile(0.15)


def test_planted_rates_and_times_are_found() -> None:
    leads, counts = table("leads"), table("lead_events")["kind"].value_counts()
    assert counts["no_show"] / counts["test_drive_booked"] == pytest.approx(0.18, abs=0.01)
    assert (~leads["valid"]).mean() == pytest.approx(0.12, abs=0.01)
    again = leads.assign(month=month_of(leads["created_at"]))
    duplicate = again.duplicated(["month", "prospect", "dealer", "product"])
    assert duplicate.mean() == pytest.approx(0.06, abs=0.01)
    assert days(events("test_drive"), created()).median() == pytest.approx(6, abs=0.25)
    waits = days(events("delivery"), events("order"))
    assert waits.median() == pytest.approx(25, abs=1)
    referred = leads["referrer"].notna()
    ordered = leads["lead"].isin(events("order").index)
    assert referred.mean() == pytest.approx(0.07, abs=0.005)
    assert ordered[referred].mean() > 1.4 * ordered[~referred].mean()
    assert (leads["channel"].eq("referral") == referred).all()


def test_first_responses_are_lognormal_by_dealer() -> None:
    hours = 24 * days(events("response"), created())
    dealers = table("leads").set_index("lead")["dealer"].loc[hours.index]
    logs = np.log(hours)
    truth = DealerTruth.draw(np.random.default_rng([SEED, 1_000, 0, 0]), basis())
    medians = np.exp(logs.groupby(dealers).median())
    planted = pd.Series(truth.response_hours, index=list(basis().dealers))
    assert np.corrcoef(np.log(medians), np.log(planted.loc[medians.index]))[0, 1] > 0.97
    within = logs - logs.groupby(dealers).transform("mean")
    assert within.std() == pytest.approx(0.9, abs=0.03)
    assert within.skew() == pytest.approx(0, abs=0.15)


def test_transaction_prices_lie_around_the_sales_table_with_a_habit_of_each_dealer() -> None:
    offers = table("offers")
    assert (offers["net_price"] <= offers["list_price"]).all()
    keys = ["period", "region", "product"]
    sales = data_set().tables["sales"].set_index(keys)
    when = month_of(created().loc[offers["lead"]])
    place = pd.MultiIndex.from_arrays([when, offers["region"], offers["product"]])
    assert (offers["list_price"].to_numpy() == sales["list_price"].loc[place].to_numpy()).all()
    ratio = offers["net_price"].to_numpy() / sales["net_price"].loc[place].to_numpy()
    assert ratio.mean() == pytest.approx(1, abs=0.002)
    by_dealer = pd.Series(ratio).groupby(offers["dealer"]).mean()
    assert 0.005 < by_dealer.std() < 0.012
    taken = offers.groupby("product")[["options", "options_offered"]].sum()
    rates = taken["options"] / taken["options_offered"]
    assert rates.between(0.2, 0.5).all()
    assert rates.max() - rates.min() > 0.05


def test_owners_come_less_to_the_own_network_leave_and_buy_again() -> None:
    owners = table("owners")
    visits = table("service_visits").merge(owners, on="owner")
    age = (visits["at"] - visits["delivered_at"]).dt.days // 180
    kept = visits["own_network"].groupby(age).mean().loc[:4]
    assert kept.is_monotonic_decreasing
    assert kept.iloc[0] > 0.9
    assert kept.iloc[4] < 0.8
    left = owners["left_to"].dropna()
    firms = set(data_set().tables["products"]["firm"]) - {"Nova"}
    assert set(left) <= firms | {"own"}
    assert 0.1 < (left == "own").mean() < 0.5
    scores = table("surveys")["score"]
    assert scores.between(0, 10).all()
    assert (scores >= 9).mean() - (scores <= 6).mean() == pytest.approx(0.27, abs=0.04)
    assert table("owner_activity")["active_days"].between(1, 27).all()


def test_who_buys_again_has_a_new_car_when_the_old_one_goes() -> None:
    owners = table("owners")
    people = pd.read_parquet(FOLDER / "answer_key" / "people.parquet").set_index("prospect")
    owners = owners.assign(person=people["person"].loc[owners["prospect"]].to_numpy())
    again = owners.query("left_to == 'own'")
    bought = set(zip(owners["person"], owners["delivered_at"], strict=True))
    assert all(pair in bought for pair in zip(again["person"], again["left_at"], strict=True))


def test_exposures_stock_and_targets_agree_with_the_aggregated_tables() -> None:
    media = data_set().tables["media"].query("brand == 'Nova' and period >= '2025-04'")
    keys = ["region", "channel"]
    whole = table("exposures").rename(columns={"month": "period"}).set_index(["period", *keys])
    planned = media.set_index(["period", *keys])
    for column in ("impressions", "spend"):
        assert (whole[column] == planned[column].reindex(whole.index)).all(), column
    assert len(whole) == len(planned)
    assert (whole["clicks"] < whole["impressions"]).all()
    delivered = funnel().groupby("dealer")["deliveries"].sum() / len(basis().periods)
    stock = table("stock").groupby("dealer")["units_in_stock"].sum() / len(basis().periods)
    assert (30 * stock / delivered).between(27, 64).all()
    sales = data_set().tables["sales"].query("period >= '2025-04' and product in @basis().products")
    attained = sales["units"].sum() / table("targets")["target_units"].sum()
    assert attained == pytest.approx(1 / 1.02, abs=0.01)


def test_one_tablet_has_fifty_people_and_a_dozen_phones_are_family_phones() -> None:
    prospects = table("prospects")
    people = pd.read_parquet(FOLDER / "answer_key" / "people.parquet").set_index("prospect")
    person = people["person"].loc[prospects["prospect"]].to_numpy()
    per_device = pd.Series(person).groupby(prospects["device"].to_numpy()).nunique()
    assert (per_device > 1).sum() == 1
    assert per_device.max() == 50
    plain = prospects["phone"].str.normalize("NFKC").str.replace(r"\D", "", regex=True).str[-11:]
    real = plain[plain.str.startswith("120", na=False) & plain.ne("12000000000")]
    per_phone = pd.Series(person)[real.index].groupby(real).nunique()
    assert (per_phone > 1).sum() == 12
    assert per_phone.max() <= 4
    both = prospects["phone"].isna() & prospects["email"].isna()
    assert not both.any()


def test_equal_seeds_give_equal_tables_and_other_seeds_other_ones() -> None:
    one, again, other = (drawn(seed, 0.01, "2026-05", "2026-06") for seed in (5, 5, 6))
    assert set(one) == {*SCHEMAS, TRUTH}
    for name in one:
        assert one[name].equals(again[name]), name
        assert not one[name].equals(other[name]), name


def test_no_two_people_have_a_phone_an_address_or_a_device_in_common_by_chance() -> None:
    numbers = np.arange(200_000)
    plain = np.zeros_like(numbers)
    for column in written(Contacts(numbers, plain, numbers, plain, numbers), 9, ()):
        assert len(column.unique()) == len(numbers)


def test_records_are_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables, months = data_set().tables, ("2026-05", "2026-06")
    seen: list[tuple[str, int, int]] = []
    folder = tmp_path / "out"
    done = write_records(
        tables,
        "Nova",
        folder,
        seed=1,
        scale=0.001,
        periods=months,
        progress=lambda period, place, of, _: seen.append((period, place, of)),
    )
    assert seen == [("2026-05", 1, 2), ("2026-06", 2, 2)]
    names = {f"{name}.parquet" for name in (*SCHEMAS, "persons")} | {"README.yaml", "answer_key"}
    assert {path.name for path in folder.iterdir()} == names
    assert done.rows["leads"] == pq.read_metadata(folder / "leads.parquet").num_rows

    def break_off(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = (folder / "README.yaml").read_bytes()
    with pytest.raises(InputError, match="No space left"):
        write_records(
            tables, "Nova", folder, seed=2, scale=0.001, periods=months, progress=break_off
        )
    assert (folder / "README.yaml").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("scale", "months", "said"),
    [
        (0.0, None, "must lie above 0"),
        (float("nan"), None, "must lie above 0"),
        (0.1, ("2019-01", "2026-06"), "no such month"),
        (0.1, ("2026-06", "2026-05"), "ends before it begins"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(
    tmp_path: Path, scale: float, months: tuple[str, str] | None, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        write_records(
            data_set().tables, "Nova", tmp_path / "out", seed=1, scale=scale, periods=months
        )
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="holds no record tables"):
        write_records(data_set().tables, "Nova", tmp_path, seed=1, scale=0.001)
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(
    not np.__version__.startswith("2.4."), reason="numpy keeps its streams within a release series"
)
def test_the_shipped_sample_is_what_the_generator_draws(tmp_path: Path) -> None:
    fill(basis(), tmp_path / "records", tmp_path / "answer_key", SEED)
    for path in sorted(RECORDS.glob("*.parquet")):
        fresh = pq.read_table(tmp_path / "records" / path.name)
        assert fresh.equals(pq.read_table(path)), path.name
    truth = "answer_key/people.parquet"
    assert pq.read_table(tmp_path / truth).equals(pq.read_table(FOLDER / truth))


def test_kinds_of_events_are_those_of_the_table() -> None:
    assert set(table("lead_events")["kind"]) == set(KINDS)


def test_oneid_check_passes_on_a_folder_that_was_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    months = ("2026-04", "2026-06")
    folder = tmp_path / "out"
    write_records(data_set().tables, "Nova", folder, seed=4, scale=0.01, periods=months)
    code = run_command(lambda: app(["oneid", "check", str(folder), "--json"]))
    assert code == 0
    assert '"enough": true' in capsys.readouterr().out
