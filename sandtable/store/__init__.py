"""What must be kept and proven: governed documents, who approved which text, and an audit that shows any change."""

from sandtable.store.audit import broken_links
from sandtable.store.governance import (
    Governed,
    RefusedStepError,
    approve,
    deprecate,
    governed,
    propose,
    submit,
)
from sandtable.store.opening import Store, open_store
from sandtable.store.using import count_use, uses

__all__ = [
    "Governed",
    "RefusedStepError",
    "Store",
    "approve",
    "broken_links",
    "count_use",
    "deprecate",
    "governed",
    "open_store",
    "propose",
    "submit",
    "uses",
]
