"""What the page on the funnel finds, in sentences."""

from __future__ import annotations

from sandtable.app.funnel_view.words import Row, Seen, sure_loss


def headline_of(seen: Seen) -> str:
    """Return the finding: how many links are surely weak, what they cost a year, which costs most."""
    text = seen.text
    links = seen.sure()
    if not links:
        return text("funnel_headline_none", count=len(_whole(seen).not_clear()))
    most = links[0]
    slots = {
        "place": seen.text.name(most["place"]),
        "stage": seen.stage(most["stage"]),
        "most": seen.cars(most["units_lost"]),
    }
    if len(links) == 1:
        return text("funnel_headline_one", **slots)
    lost = seen.cars(sum(link["units_lost"] for link in links))
    return text("funnel_headline_many", count=len(links), cars=lost, **slots)


def place_title(seen: Seen) -> str:
    """Return what is weak in the place: stages of a region, links of an area or the country."""
    text = seen.text
    if seen.level != "region":
        count = len(sure_inside(seen))
        if not count:
            return text("funnel_title_sum_none", place=seen.name)
        key = "funnel_title_sum_one" if count == 1 else "funnel_title_sum_many"
        lost = seen.cars(sure_loss(seen.found, seen.place))
        return text(key, place=seen.name, count=count, cars=lost)
    rows = seen.rows()
    weak = [row for row in rows if row["verdict"] == "sure"]
    if not weak:
        return text("funnel_title_none", place=seen.name)
    if len(weak) == 1:
        return text("funnel_title_one", place=seen.name, stage=seen.stage(weak[0]["stage"]))
    return text("funnel_title_many", place=seen.name, count=len(weak), rates=len(rows))


def sure_inside(seen: Seen, stage: str | None = None) -> list[Row]:
    """Return the sure links of regions and dealers in the place, of one stage or of all."""
    rows = [*seen.inside("region"), *seen.inside("dealer")]
    return [row for row in rows if row["verdict"] == "sure" and stage in (None, row["stage"])]


def place_caption(seen: Seen, firm: str) -> str:
    """Return how much of the funnel the place is, and of which periods."""
    text = seen.text
    counts, rows = seen.found.counts, seen.rows()
    dealers = len({row["place"] for row in seen.inside("dealer")})
    whole = int(counts.counts[-1].sum())
    return text(
        "funnel_about",
        dealers=dealers,
        share=seen.write.percent(rows[-1]["passed"] / whole if whole else None),
        firm=firm,
        first=seen.write.period(counts.periods[0]),
        last=seen.write.period(counts.periods[-1]),
    )


def table_title(seen: Seen) -> str:
    """Return how many dealers of the region, or regions of the place, are surely below their benchmarks."""
    text = seen.text
    level = "dealer" if seen.level == "region" else "region"
    rows = seen.inside(level)
    count = len({row["place"] for row in rows})
    weak = len({row["place"] for row in rows if row["verdict"] == "sure"})
    number = "none" if not weak else "one" if weak == 1 else "many"
    return text(f"funnel_{level}s_{number}", place=seen.name, weak=weak, count=count)


def _whole(seen: Seen) -> Seen:
    return Seen(seen.found, None, seen.text, seen.write)
