"""The figures that a screen shows of a result, and the indicator that defines each."""

from __future__ import annotations

from collections.abc import Mapping

from sandtable.data.metadata import BilingualText

KPI_INDICATORS: Mapping[str, str] = {
    "units": "sal_unit_cnt_own",
    "share_of_sales": "sal_market_shr",
    "leads": "sal_lead_cnt_ledger_own",
    "conversion": "sal_conversion_rate_own",
    "revenue": "sal_revenue_amt_own",
    "contribution_profit": "sal_contribution_amt_own",
}
KPI_LABELS: Mapping[str, BilingualText] = {
    "units": BilingualText(en="Units", zh="销量"),
    "share_of_sales": BilingualText(en="Share of sales", zh="销量份额"),
    "leads": BilingualText(en="Leads", zh="线索"),
    "conversion": BilingualText(en="Conversion", zh="转化率"),
    "revenue": BilingualText(en="Revenue", zh="营收"),
    "contribution_profit": BilingualText(en="Contribution", zh="边际贡献"),
}
