"""`storyreel models`: the models by name, what they make and cost, as a table or as JSON."""

from decimal import Decimal

from rich import box
from rich.console import Console
from rich.table import Table

from cli.offers import Offer, model_as_json, offers
from cli.say import say_json
from pipeline.model import Model
from pipeline.models import DEFAULT_MODEL, MODELS

_NOTE = (
    "A clip's price is an estimate. ~ where fal publishes none: unconfirmed is what others list, assumed one on "
    "the dear side. "
    "The id of any other fal endpoint is a model, too: --model owner/name --param NAME=VALUE."
)


def list_models(*, as_json: bool) -> None:
    """Print them all, the default one first."""
    if as_json:
        say_json([model_as_json(model) for model in MODELS.values()])
        return
    console = Console(highlight=False)
    console.print(_table())
    console.print(f"\n{_NOTE}")


def _table() -> Table:
    """Three columns, so that the longest endpoint id stays whole on a terminal of 80."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, leading=1)
    table.add_column("model", no_wrap=True)
    table.add_column("for, makes, endpoint", overflow="fold")
    table.add_column("price", no_wrap=True)
    for model in MODELS.values():
        found = offers(model)
        name = f"[bold]{model.name}[/bold]" + ("\n(default)" if model.name == DEFAULT_MODEL else "")
        table.add_row(name, _about(model, found), _price(_probable(found)))
    return table


def _about(model: Model, found: list[Offer]) -> str:
    lines = [model.purpose, _probable(found).makes]
    for offer in found:
        lines.append(f"[cyan]{offer.endpoint}[/cyan]")
        if offer.unconfirmed:
            lines.append(f"  [yellow]unconfirmed:[/yellow] {', '.join(offer.unconfirmed)}")
    return "\n".join(lines)


def _probable(found: list[Offer]) -> Offer:
    """The rung that will probably be used."""
    return next((offer for offer in found if offer.listed), found[0])


def _price(offer: Offer) -> str:
    unit = f"${_cents(offer.dollars)}/{offer.unit}"
    match offer.basis:
        case "published":
            return f"${offer.clip:.3f} a clip\n{unit}\n{offer.date}"
        case "unconfirmed":
            return f"~${offer.clip:.3f} a clip\n{unit}\n{offer.date}\nunconfirmed"
        case "assumed":
            return f"~${offer.clip:.3f} a clip\nassumed\n{offer.date}"


def _cents(dollars: Decimal) -> str:
    """The amount with all of its digits, two of them at least after the point."""
    places = max(2, len(f"{dollars.normalize():f}".partition(".")[2]))
    return f"{dollars:.{places}f}"
