"""Whose word it is that a definition is published: the package's release, an approval in its file, or nobody's."""

from __future__ import annotations

from typing import Literal, TypeAlias

from sandtable.indicators.catalogue import LAYER_FOLDER, Catalogue

Approved: TypeAlias = Literal["package", "file", "none"]


def approval(found: Catalogue, code: str) -> Approved:
    """Say who stands for a published definition, as far as its file tells; the store knows the approvals made there.

    Returns
    -------
    str
        ``package``: it came with this release, whose review it passed. ``file``: the file holds an approval of this
        very definition. ``none``: the file says published, and nothing bears it out.

    Raises
    ------
    InputError
        If no indicator has this code.
    """
    definition = found.definition(code)
    if found.files[code].startswith(f"{LAYER_FOLDER}/"):
        return "package"
    approved = definition.approved
    if approved is not None and approved.definition_hash == definition.definition_hash:
        return "file"
    return "none"
