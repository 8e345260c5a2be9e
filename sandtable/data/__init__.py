"""Data sets: what tables must hold, how files are read and checked, and which data sets there are."""

from sandtable.data.catalogue import data_set_names, find_data_set, home, market_data_folder
from sandtable.data.loading import DataSet, load_data_set
from sandtable.data.metadata import BilingualText, Metadata
from sandtable.data.parameters import Parameter, ParameterSet

__all__ = [
    "BilingualText",
    "DataSet",
    "Metadata",
    "Parameter",
    "ParameterSet",
    "data_set_names",
    "find_data_set",
    "home",
    "load_data_set",
    "market_data_folder",
]
