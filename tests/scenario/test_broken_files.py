"""Every broken scenario file is refused with all its sentences, in file order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.documents import read_document
from sandtable.errors import Fault, InputError
from sandtable.scenario.files import parse_scenario, read_scenario

CASES = read_document(Path(__file__).with_name("broken.yaml")).value
SOUND = "schema: 1\ntitle: Sound\ndata: premium_ev\n"


def refusal(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_scenario(path)
    return [str(fault) for fault in caught.value.faults]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # so that the sentences name the file alone
    return tmp_path


def test_the_cases_have_names_of_their_own() -> None:
    names = [case["name"] for case in CASES]
    assert len(names) == len(set(names)) >= 100


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_broken_file_is_refused_with_its_sentences(folder: Path, case: dict[str, Any]) -> None:
    for name, text in case.get("files", {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "broken.yaml").write_text(case["text"], encoding="utf-8")
    assert refusal(Path("broken.yaml")) == case["faults"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_every_sentence_names_its_file_and_ends_as_a_sentence(case: dict[str, Any]) -> None:
    files = {"broken.yaml", *case.get("files", {})}
    for fault in case["faults"]:
        assert fault.partition(":")[0].partition(",")[0] in files
        assert fault.endswith((".", "?")) or "; known: " in fault


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (
            SOUND.replace("Sound", "Zürich").encode("latin-1"),
            "is not UTF-8 (byte 18); save it as UTF-8.",
        ),
        (SOUND.encode("utf-16"), "is not UTF-8 (byte 0); save it as UTF-8."),
        (b"#" * 1_000_001, "is larger than 1 MB; such a file should be a few kB."),
    ],
)
def test_bytes_that_are_no_text_are_refused(folder: Path, raw: bytes, sentence: str) -> None:
    (folder / "broken.yaml").write_bytes(raw)
    assert refusal(Path("broken.yaml")) == [f"broken.yaml: {sentence}"]


def test_a_file_that_is_not_there_is_refused(folder: Path) -> None:
    assert refusal(Path("gone.yaml")) == ["gone.yaml: no such file; check the path."]


def test_a_folder_is_refused(folder: Path) -> None:
    (folder / "sub").mkdir()
    assert refusal(Path("sub")) == ["sub: cannot be read (Is a directory)."]


def test_an_uploaded_file_cannot_extend_another() -> None:
    with pytest.raises(InputError) as caught:
        parse_scenario((SOUND + "extends: base.yaml\n").encode(), file="upload")
    assert str(caught.value) == (
        "upload, extends: a file opened on its own cannot extend another; run it from its folder."
    )


def test_the_file_that_the_faults_are_planted_in_is_sound(folder: Path) -> None:
    (folder / "sound.yaml").write_bytes(b"\xef\xbb\xbf" + SOUND.encode())
    scenario, data_set = read_scenario(Path("sound.yaml"))
    assert (scenario.title, data_set.name) == ("Sound", "premium_ev")


FIELDS = (
    *("schema", "title", "question", "author", "data", "parameters", "own_firm", "extends"),
    *("horizon", "levers", "rivals", "not_modelled"),
)
LEVER_FIELDS = (*("lever", "product", "firm", "region", "change", "value", "owner", "from", "to"),)
WORDS = (
    *("premium_ev", "us_autos", "nested", "Nova", "Orion", "N5", "O3", "East", "Shanghai", "hold"),
    *("best_response", "list_price", "rival_price", "exit", "ownership", "market_size", "-5 %"),
    *("customer_cash", "conversion", "2026-06", "2025-12", "8,000 CNY", "default", ".", "", "\0"),
)
scalars = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=5),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*LEVER_FIELDS, *WORDS]), inner, max_size=4),
    ),
    max_leaves=8,
)
lever_items = st.dictionaries(st.sampled_from(LEVER_FIELDS), scalars, max_size=6)
whole_files = st.fixed_dictionaries(
    {"schema": st.just(1), "title": st.just("T"), "data": st.just("premium_ev")},
    optional={
        **{field: values for field in FIELDS if field not in ("schema", "title", "data")},
        "levers": st.lists(lever_items, max_size=3),
    },
)


def faults_of(text: str) -> tuple[Fault, ...]:
    """Anything but an `InputError` is a bug and escapes."""
    try:
        parse_scenario(text.encode(), file="any.yaml")
    except InputError as error:
        return error.faults
    return ()


@settings(max_examples=300)
@given(st.one_of(whole_files, st.dictionaries(st.sampled_from(FIELDS), values)))
def test_whatever_a_file_says_it_is_read_or_refused_with_sentences(content: dict[str, Any]) -> None:
    text = json.dumps(content).replace("NaN", ".nan").replace("Infinity", ".inf")
    assert all(str(fault).startswith("any.yaml") for fault in faults_of(text))


@settings(max_examples=200)
@given(st.data())
def test_a_file_with_any_signs_in_any_place_is_read_or_refused(data: st.DataObject) -> None:
    text = SOUND + "levers:\n  - {lever: list_price, product: N5, change: -5 %, from: 2026-06}\n"
    place = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 12))
    signs = data.draw(
        st.one_of(st.text(max_size=4), st.sampled_from(["&a", "*a", "!!", "- ", "{"]))
    )
    spoiled = text[:place] + signs + text[place + length :]
    assert all(str(fault).startswith("any.yaml") for fault in faults_of(spoiled))
