"""Response to media, fitted: adstock and saturation by channel under priors, with curves and a plausibility alarm."""

from sandtable.estimation.media.priors import MediaPriors, read_priors
from sandtable.estimation.media.response import Fitted, ResponseFit, fit_response
from sandtable.estimation.media.result import MediaFit, fit_media
from sandtable.estimation.media.rules import RULES
from sandtable.estimation.media.view import MediaView, shape_of, view_media

__all__ = [
    "RULES",
    "Fitted",
    "MediaFit",
    "MediaPriors",
    "MediaView",
    "ResponseFit",
    "fit_media",
    "fit_response",
    "read_priors",
    "shape_of",
    "view_media",
]
