"""The base path of a data set beyond its last observed period, and its back-test."""

from sandtable.forecast.back_testing import BackTest, back_test
from sandtable.forecast.base_paths import BasePath, LevelPath, base_path
from sandtable.forecast.judging import Choice, Verdict
from sandtable.forecast.periods import periods_after

__all__ = [
    "BackTest",
    "BasePath",
    "Choice",
    "LevelPath",
    "Verdict",
    "back_test",
    "base_path",
    "periods_after",
]
