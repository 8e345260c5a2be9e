"""Full-cycle sales diagnosis: where the own funnel loses customers that its peers keep."""

from sandtable.diagnosis.counting import FunnelCounts, count_funnel, stage_table
from sandtable.diagnosis.diagnosing import diagnose
from sandtable.diagnosis.result import Diagnosis

__all__ = ["Diagnosis", "FunnelCounts", "count_funnel", "diagnose", "stage_table"]
