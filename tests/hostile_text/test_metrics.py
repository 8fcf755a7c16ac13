"""Strangers' text to those who watch: a label's value, never a metric."""

from prometheus_client.parser import text_string_to_metric_families

from tests.hostile_text.conftest import OPERATOR, House
from tests.hostile_text.corpus import STORABLE


async def test_a_name_of_any_text_is_a_label_and_no_metric(house: House) -> None:
    """Whoever scrapes reads it as it is; the same as JSON."""
    names = list(STORABLE.values())
    async with house.owner.cursor() as cursor:
        await cursor.executemany(
            """insert into storyreel.providers (name, paused_until, pause_code, pause_message, pauses)
               values (left(%s, 2000), 'infinity', 'overrun', %s, 1)""",
            [(name, name) for name in names],
        )
    shown = {"apikey": OPERATOR}

    scraped = await house.door.http.get("/functions/v1/metrics", headers=shown)
    looked = await house.door.http.get("/functions/v1/status", headers=shown)

    families = list(text_string_to_metric_families(scraped.content.decode()))
    slots = next(family for family in families if family.name == "storyreel_provider_slots")
    assert {sample.labels["provider"] for sample in slots.samples} == {"fal", *(name[:2000] for name in names)}
    samples = {sample.name for family in families for sample in family.samples}
    assert all(name.startswith("storyreel_") and "pwned" not in name for name in samples)
    providers = {each["name"]: each["pause_message"] for each in looked.json()["providers"]}
    assert providers == {"fal": None, **{name[:2000]: name for name in names}}
