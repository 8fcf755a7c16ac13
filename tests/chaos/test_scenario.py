"""A run is drawn from its seed: the same each time, and of everything that may happen some."""

from itertools import islice

from local.fal.faults import read_faults
from tests.chaos.scenario import Delete, Insert, acts, batches, faults, kills, remaining


def test_one_seed_is_one_run() -> None:
    victims = ["worker", "functions"]
    assert acts(50, 1) == acts(50, 1) != acts(50, 2)
    assert list(batches(acts(50, 1), 1)) == list(batches(acts(50, 1), 1))
    assert list(islice(kills(victims, 1), 9)) == list(islice(kills(victims, 1), 9))


def test_everybody_is_killed_in_turn() -> None:
    """Also in a run that is too short for chance to reach all of them."""
    for seed in range(20):
        assert {victim for _, victim in islice(kills(["a", "b", "c"], seed), 3)} == {"a", "b", "c"}


def test_an_app_tells_equal_and_blank_stories_for_several_owners_and_takes_some_back() -> None:
    all_acts = acts(500, 1)
    stories = [act for act in all_acts if isinstance(act, Insert)]
    texts = [story.text for story in stories if story.text.strip()]

    assert len(stories) == len({story.id for story in stories}) == 500
    assert len(set(texts)) < len(texts)
    assert 0 < len(texts) < len(stories)
    assert len({story.owner for story in stories}) == 5
    assert len(remaining(all_acts)) < 500


def test_a_story_goes_once_and_after_it_came() -> None:
    seen: set[object] = set()
    gone: set[object] = set()
    for act in acts(500, 1):
        if isinstance(act, Delete):
            assert act.id in seen - gone
            gone.add(act.id)
        else:
            seen.add(act.id)
    assert gone


def test_batches_are_all_acts_in_their_order() -> None:
    all_acts = acts(200, 3)

    assert [act for batch in batches(all_acts, 3) for act in batch] == list(all_acts)


def test_the_emulator_understands_its_faults() -> None:
    """And a late webhook is as late as minutes are short."""
    rules = read_faults(faults(0.02))

    assert all(rule.share for rule in rules)
    assert max(rule.webhook_delay for rule in rules) == 3.6
