"""All objects of a bucket in Supabase Storage whose paths begin alike, page after page."""

from storage3._async.file_api import AsyncBucketProxy
from storage3.types import SearchV2Object, SearchV2Options

LIST_PAGE = 1000
"""The server's own upper limit for list-v2."""


async def all_objects(files: AsyncBucketProxy, prefix: str) -> list[SearchV2Object]:
    """Those at the prefix, in the server's order.

    Through list-v2 without a delimiter, which walks every folder by cursor. The older list cannot keep the port's
    promise: it compares without regard to case, so `A/x` and `a/x` fall together, and its pages are offsets, which
    skip objects when others are deleted meanwhile. Raises ValueError for a cursor that leads nowhere new, and as
    the package does.
    """
    found: list[SearchV2Object] = []
    seen: set[str] = set()
    options = SearchV2Options(prefix=prefix, limit=LIST_PAGE, with_delimiter=False)
    while True:
        page = await files.list_v2(options)
        # The server puts the prefix into a LIKE, where `_` stands for anything: ask for the rest here.
        found += [each for each in page.objects if each.name.startswith(prefix)]
        if not page.hasNext or page.nextCursor is None:
            return found
        if page.nextCursor in seen:
            raise ValueError("the pages of the listing go round in a circle")
        seen.add(page.nextCursor)
        options["cursor"] = page.nextCursor
