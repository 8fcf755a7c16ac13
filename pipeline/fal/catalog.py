"""What each fal endpoint knows and costs. Pure data, and the little arithmetic on it; no protocol, no I/O.

Ranges are from fal's generated schemas (May 2026). An endpoint that is not listed gets the fields all known
ones share, unclamped. A price listed as $0 is not free but unknown, and an unknown price is assumed: the
assumptions err on the dear side, since they guard a budget.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_UP, Decimal
from math import inf

from pipeline.model import Order, Parameters

ASSUMED_DOLLARS_PER_COMPUTE_SECOND = Decimal("0.00125")
"""fal's list price of an H200, $4.50/h (fal.ai/pricing, September 2026): more GPU than SD 1.5 needs."""

ASSUMED_START_SECONDS = Decimal(5)
"""Compute seconds of a clip apart from denoising: text encoding, VAE, mp4, upload. Not measured at fal."""

ASSUMED_SECONDS_PER_FRAME_STEP = Decimal("0.025")
"""Compute seconds for one frame of 512 by 512 through one step, guidance included. Not measured at fal."""

ASSUMED_DOLLARS_PER_CLIP = Decimal("0.40")
"""For an endpoint of which nothing is known: the dearest flat price of a video seen at fal (wan-t2v)."""

SMALLEST_AMOUNT = Decimal("0.000001")
"""Amounts are rounded up to a millionth of a dollar."""


@dataclass(frozen=True)
class Field:
    """fal's name for one of our parameters and the range it accepts, both ends included."""

    name: str
    lowest: float = -inf
    highest: float = inf

    def clamp(self, value: float) -> float:
        """The nearest accepted value."""
        return min(max(value, self.lowest), self.highest)


_SIDE = Field("video_size", 1, 14142)
"""Pixels, for width and height alike; the bounds of fal's ImageSize schema."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint. `fields` goes from the words of `Parameters` to fal's; others are not sent.

    `published` is fal's price of one billable unit in US dollars, None if it publishes none; `assumed` then
    stands in. `units` says how many units a clip will probably take.
    """

    fields: Mapping[str, Field]
    published: Decimal | None
    assumed: Decimal
    units: Callable[[Parameters], Decimal]

    @property
    def dollars_per_unit(self) -> Decimal:
        """The price to reckon with."""
        return self.assumed if self.published is None else self.published

    def fit(self, parameters: Parameters) -> Parameters:
        """The parameters moved into the endpoint's ranges, so that fal need not refuse them."""
        return Parameters(
            frames=int(self._clamp("frames", parameters.frames)),
            steps=int(self._clamp("steps", parameters.steps)),
            guidance=float(self._clamp("guidance", parameters.guidance)),
            motion_scale=float(self._clamp("motion_scale", parameters.motion_scale)),
            width=int(_SIDE.clamp(parameters.width)),
            height=int(_SIDE.clamp(parameters.height)),
            fps=None if parameters.fps is None else int(self._clamp("fps", parameters.fps)),
        )

    def _clamp(self, word: str, value: float) -> float:
        return self.fields[word].clamp(value) if word in self.fields else value


def compute_seconds(parameters: Parameters) -> Decimal:
    """How many seconds of GPU time a clip will probably take."""
    area = Decimal(parameters.width * parameters.height) / (512 * 512)
    frame_steps = parameters.frames * parameters.steps
    return ASSUMED_START_SECONDS + ASSUMED_SECONDS_PER_FRAME_STEP * frame_steps * area


def one(parameters: Parameters) -> Decimal:  # noqa: ARG001 - has the signature of Endpoint.units
    """For endpoints billed by the clip, and those of which nothing is known."""
    return Decimal(1)


_ANIMATEDIFF_FIELDS: Mapping[str, Field] = {
    "frames": Field("num_frames", 1, 32),
    "steps": Field("num_inference_steps", 1, 50),
    "guidance": Field("guidance_scale", 0, 20),
    "fps": Field("fps", 1, 16),
}

_ANIMATEDIFF = Endpoint(
    fields=_ANIMATEDIFF_FIELDS,
    published=None,  # listed as "$0 per compute second" on both models' llms.txt, 2026: unknown, not free
    assumed=ASSUMED_DOLLARS_PER_COMPUTE_SECOND,
    units=compute_seconds,
)

_LIGHTNING = Endpoint(
    # In no official list of fal's; the fields are those its first users sent, the ranges its siblings'.
    fields={
        "frames": _ANIMATEDIFF_FIELDS["frames"],
        "steps": _ANIMATEDIFF_FIELDS["steps"],
        "guidance": _ANIMATEDIFF_FIELDS["guidance"],
        "motion_scale": Field("motion_scale"),
    },
    published=None,  # nowhere listed
    assumed=ASSUMED_DOLLARS_PER_COMPUTE_SECOND,
    units=compute_seconds,
)

_UNLISTED = Endpoint(
    fields={
        "frames": Field("num_frames"),
        "steps": Field("num_inference_steps"),
        "guidance": Field("guidance_scale"),
    },
    published=None,  # and the unit may be anything; one unit is taken for one clip
    assumed=ASSUMED_DOLLARS_PER_CLIP,
    units=one,
)

ENDPOINTS: Mapping[str, Endpoint] = {
    "fal-ai/fast-animatediff-lightning": _LIGHTNING,
    "fal-ai/fast-animatediff/turbo/text-to-video": _ANIMATEDIFF,
    "fal-ai/fast-animatediff/text-to-video": _ANIMATEDIFF,
}
"""By fal's endpoint id."""


def arguments(order: Order) -> dict[str, object]:
    """The JSON input for the order's endpoint, in fal's words."""
    endpoint = ENDPOINTS.get(order.endpoint, _UNLISTED)
    fitted = endpoint.fit(order.parameters)
    values = asdict(fitted)
    return {
        "prompt": order.prompt.text,
        "negative_prompt": order.prompt.negative,
        "seed": order.seed,
        _SIDE.name: {"width": fitted.width, "height": fitted.height},
        **{field.name: values[word] for word, field in endpoint.fields.items() if values[word] is not None},
    }


def estimate(endpoint: str, parameters: Parameters) -> Decimal:
    """What one clip will probably cost, in US dollars, for the parameters as they would be sent."""
    entry = ENDPOINTS.get(endpoint, _UNLISTED)
    return price(endpoint, entry.units(entry.fit(parameters)))


def price(endpoint: str, units: Decimal) -> Decimal:
    """What that many billable units of the endpoint cost, in US dollars."""
    dollars = units * ENDPOINTS.get(endpoint, _UNLISTED).dollars_per_unit
    return dollars.quantize(SMALLEST_AMOUNT, rounding=ROUND_UP)
