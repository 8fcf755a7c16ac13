"""What can be an endpoint's id, and what is another of fal's addresses."""

import pytest

from pipeline.errors import GeneratorMissing
from pipeline.fal.protocol import split_endpoint


@pytest.mark.parametrize(
    "name", ["fal-ai/fast/requests/abc/cancel", "fal-ai/x/requests", "a/requests", "a/b/requests/1"]
)
def test_an_apps_requests_are_no_endpoint(name: str) -> None:
    """Under that name fal keeps what was submitted: a POST there could cancel somebody's."""
    with pytest.raises(GeneratorMissing):
        split_endpoint(name)
