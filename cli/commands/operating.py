"""`storyreel status|costs|settle|limits|resume`: what the people who keep a deployment see of it, and set."""

import sys
from decimal import Decimal
from uuid import UUID

import click

from cli.commands.options import JSON


@click.command(short_help="Show how the deployment is, and what a person must do.")
@JSON
def status(as_json: bool) -> None:
    """Show how the deployment is, and what a person must do: with exit code 1, where there is something to do.

    Looks at the deployment that SUPABASE_URL names, or at this folder's stack; so do costs, settle, limits and
    resume.
    """
    from cli.status import show_status  # noqa: PLC0415

    sys.exit(show_status(as_json=as_json))


@click.command(short_help="Show what was spent, by day, model and owner.")
@click.option(
    "--since", default="30d", show_default=True, metavar="TIME", help="2h or 3d ago, 2026-11-20, or ISO 8601."
)
@click.option("--by", type=click.Choice(["day", "model", "owner"]), help="Only this table; default: all three.")
@JSON
def costs(since: str, by: str | None, as_json: bool) -> None:
    """Show what was spent: what was estimated and what was billed, by day, model and owner.

    It also names the renders whose answer was lost and whose money waits for a person (`storyreel settle`).
    """
    from cli.costs import show_costs  # noqa: PLC0415

    show_costs(since=since, by=by, as_json=as_json)


@click.command(short_help="Say what a render cost whose answer was lost.")
@click.argument("render_id", type=click.UUID)
@click.option("--usd", metavar="AMOUNT", help="It was billed, so much: 0.05.")
@click.option("--nothing", is_flag=True, help="It was not billed.")
@JSON
def settle(render_id: UUID, usd: str | None, nothing: bool, as_json: bool) -> None:
    """Say what a render cost that the provider may have made, and never answered for.

    Its money is reserved until somebody who has looked at the provider's bill says so. `storyreel costs` lists
    such renders.
    """
    from cli.costs import settle_render  # noqa: PLC0415
    from cli.wording.limits import amount  # noqa: PLC0415

    if (usd is None) == (not nothing):
        raise click.UsageError("say what it cost: --usd AMOUNT, or --nothing")
    settle_render(render_id, Decimal(0) if usd is None else amount("--usd", usd), as_json=as_json)


@click.group(short_help="Show what may be spent and done at a time, or set it.", invoke_without_command=True)
@JSON
@click.pass_context
def limits(context: click.Context, as_json: bool) -> None:
    """Show what may be spent and done at a time; `storyreel limits set` sets it."""
    if context.invoked_subcommand is None:
        from cli.limits import show_limits  # noqa: PLC0415

        show_limits(as_json=as_json)


@limits.command("set", short_help="Set limits: day=20 owner-day=1 slots=9 …")
@click.argument("given", nargs=-1, required=True, metavar="NAME=VALUE...")
@click.option("--provider", help="Whose slots and rate; needed where there are several.")
@JSON
def set_(given: tuple[str, ...], provider: str | None, as_json: bool) -> None:
    """Set limits, all of those given or none: `storyreel limits set day=20 story=0.50 slots=9`.

    `none` lifts one. `storyreel limits` lists the names, and what each means. Whatever waits for a limit goes on
    at once where the new one allows it.
    """
    from cli.limits import set_limits  # noqa: PLC0415

    set_limits(given, provider=provider, as_json=as_json)


@click.command(short_help="Go on with a provider that is paused.")
@click.argument("provider", required=False)
def resume(provider: str | None) -> None:
    """Go on with PROVIDER, or with all that are paused, once what `storyreel status` says is mended."""
    from cli.limits import resume_providers  # noqa: PLC0415

    resume_providers(provider)


@click.command(short_help="Try what a deployment needs, and say what is amiss.")
@click.option("--fix", is_flag=True, help="Make the bucket, or have it take what is stored; nothing else.")
@JSON
def doctor(fix: bool, as_json: bool) -> None:
    """Try everything that a deployment needs: with exit code 1, where something is amiss.

    Settings, database, bucket (a file there and back), the provider's key, the functions' address, ffmpeg. It
    costs nothing, and looks at the deployment that SUPABASE_URL names, or else at this folder's own stack.
    """
    from cli.doctor.command import examine  # noqa: PLC0415

    sys.exit(examine(fix=fix, as_lines_of_json=as_json))
