"""OneID: the people behind prospects, found by the phones, e-mail addresses and devices they share."""

from sandtable.oneid.history import empty_history, replay
from sandtable.oneid.measuring import PairMeasures, measure
from sandtable.oneid.normalising import normal_device, normal_email, normal_phone
from sandtable.oneid.persons import PERSONS_FILE, first_persons, write_persons
from sandtable.oneid.resolving import Resolution, resolve
from sandtable.oneid.salting import SAMPLE_SALT, read_salt

__all__ = [
    "PERSONS_FILE",
    "SAMPLE_SALT",
    "PairMeasures",
    "Resolution",
    "empty_history",
    "first_persons",
    "measure",
    "normal_device",
    "normal_email",
    "normal_phone",
    "read_salt",
    "replay",
    "resolve",
    "write_persons",
]
