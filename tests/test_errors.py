"""Errors are sentences: where, what, what to do."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.errors import ConvergenceError, Fault, InputError, SandtableError, did_you_mean

NAMES = st.lists(st.text(min_size=1, max_size=12), max_size=20)


def test_a_fault_names_the_file_then_the_place_then_the_matter() -> None:
    assert str(Fault("a.yaml", "levers[0].product", "no product is called 'N6'.")) == (
        "a.yaml, levers[0].product: no product is called 'N6'."
    )
    assert str(Fault("a.yaml", "", "no such file.")) == "a.yaml: no such file."


def test_an_input_error_shows_every_fault_on_its_own_line_in_order() -> None:
    faults = [Fault("a.yaml", f"row {row}", "is missing.") for row in (3, 1, 2)]
    error = InputError(iter(faults))
    assert error.faults == tuple(faults)
    assert str(error).splitlines() == [str(fault) for fault in faults]


def test_errors_for_users_have_one_root() -> None:
    assert issubclass(InputError, SandtableError)
    assert issubclass(ConvergenceError, SandtableError)
    error = ConvergenceError("no_equilibrium", "Prices did not settle; hold Orion.")
    assert error.reason == "no_equilibrium"
    assert str(error) == "Prices did not settle; hold Orion."


@pytest.mark.parametrize(
    ("name", "known", "closing"),
    [
        ("ET5", ["ES8", "ET5T"], "; did you mean 'ET5T'?"),
        ("prise", ["volume", "price"], "; did you mean 'price'?"),
        ("PRICE", ["volume", "price"], "; did you mean 'price'?"),
        ("zzz", ["volume", "price"], "; known: volume, price"),
        ("zzz", [], ""),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_or_the_list(
    name: str, known: list[str], closing: str
) -> None:
    assert did_you_mean(name, known) == closing


def test_a_long_list_of_known_names_is_cut_and_says_so() -> None:
    closing = did_you_mean("zzz", [f"product-{number}" for number in range(15)])
    assert closing.count("product-") == 12
    assert closing.endswith(" and 3 more")


@given(st.text(), NAMES)
def test_a_suggestion_is_always_one_of_the_known_names(name: str, known: list[str]) -> None:
    closing = did_you_mean(name, known)
    if closing.startswith("; did you mean '"):
        assert closing.removeprefix("; did you mean '").removesuffix("'?") in known
    else:
        assert closing.startswith("; known: ") if known else closing == ""


@given(NAMES.filter(bool), st.data())
def test_a_name_in_another_case_finds_itself(known: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(known))
    closing = did_you_mean(name.casefold(), known)
    assert closing.removeprefix("; did you mean '").removesuffix("'?").casefold() == name.casefold()


@pytest.mark.parametrize(
    "error",
    [
        InputError([Fault("a.yaml", "levers[0]", "is wrong."), Fault("a.yaml", "", "is old.")]),
        ConvergenceError("iteration_limit", "prices move on."),
    ],
    ids=["input", "convergence"],
)
def test_an_error_says_the_same_after_it_came_from_another_process(
    error: InputError | ConvergenceError,
) -> None:
    arrived = pickle.loads(pickle.dumps(error))
    assert (type(arrived), str(arrived), vars(arrived)) == (type(error), str(error), vars(error))
