"""`storyreel rerender`: the videos of many stories anew."""

import sys
from typing import Any

import click

from cli.commands.options import JSON, PARAM


@click.command(short_help="Make the videos of many stories anew, or take them back.")
@click.argument("story_ids", nargs=-1, metavar="[STORY_ID]...")
@click.option("--table", help="Of which table, or generate-video; default: that of the ids, or the only one.")
@click.option(
    "--status",
    multiple=True,
    type=click.Choice(["ready", "working", "held", "fallback", "rejected", "cancelled"]),
    help="Whose work stands so; may be given several times.",
)
@click.option("--since", metavar="TIME", help="Made since then: 2h or 3d ago, 2026-11-20, or a time of ISO 8601.")
@click.option("--model", multiple=True, help="Last asked of this model; may be given several times.")
@click.option("--theme", multiple=True, help="Of this theme; may be given several times.")
@click.option("--owner", multiple=True, type=click.UUID, help="Of this user; may be given several times.")
@click.option("--all", "everything", is_flag=True, help="Every video of the table.")
@click.option("--new-take", is_flag=True, help="Ask for another clip of the same story, from another seed.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="The seed of every new take; default: one each.")
@click.option("--use-model", metavar="MODEL", help="Ask this model from now on.")
@PARAM
@click.option("--preview", is_flag=True, help="Make a preview first, where no final clip plays yet.")
@click.option(
    "--undo",
    is_flag=True,
    help="Go back to before what plays now, also where a re-render is under way; at once, and free.",
)
@click.option("--resume", is_flag=False, flag_value="last", metavar="[ID]", help="Go on with an unfinished one.")
@click.option("--dry-run", is_flag=True, help="Say how many and what they would cost; ask for nothing.")
@click.option(
    "--at-once", type=click.IntRange(1, 10_000), default=10, show_default=True, help="So many in flight."
)
@click.option("--yes", is_flag=True, help="Spend without asking.")
@JSON
def rerender(**options: Any) -> None:  # noqa: ANN401 - click's
    """Make the videos of many stories anew, or take them back.

    Choose by ids or by what the options say; several kinds of them combine. With nothing but a choice, the files
    are made anew from the originals that are kept: for free, as long as the text is unchanged. --new-take,
    --use-model and --param pay, and so does a changed text. The old video plays until the new one is ready, and
    --undo brings it back.

    Ctrl-C loses nothing: --resume goes on. Works on the deployment that SUPABASE_URL names, or on this folder's
    stack.
    """
    from cli.rerender.command import rerender_videos  # noqa: PLC0415
    from cli.rerender.request import Options  # noqa: PLC0415

    sys.exit(rerender_videos(Options(**options)))
