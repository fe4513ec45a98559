"""The commands of `python -m medusa_sync`: what an admin, a worker and a schedule do."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag
from typing import Annotated, Any

import typer

from lakesim.jsonvalue import dumps
from medusa_sync.addons import Addons
from medusa_sync.admin import STUDIO_URL, sync_one, sync_status
from medusa_sync.cli_frame import FOUND, OK, Places, fail, finish, guarded, opened_shop, served, tell, write
from medusa_sync.deletions import check_policy
from medusa_sync.executions import Executions
from medusa_sync.models import Variant
from medusa_sync.orphans import clean_up, find_orphans
from medusa_sync.reconcile import reconcile as compare
from medusa_sync.storefront import product_page

__all__ = ["app", "main"]

app = typer.Typer(
    name="medusa_sync",
    help="Products of a shop, synced one way into a lake. Data on standard output, timelines on standard error.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
product = typer.Typer(help="The shop's side: change products; each change emits an event.", no_args_is_help=True)
app.add_typer(product, name="product")

ProductId = Annotated[str, typer.Argument(help="The product's id, such as prod_01ABC123.", metavar="ID")]
Deletes = Annotated[str, typer.Option(help="What a deleted product's document becomes: keep, remove or unlink.")]


@app.callback()
def _places(
    context: typer.Context,
    db: Annotated[Path, typer.Option(help="The commerce database, a SQLite file; made if it is not there.")] = Path(
        "shop.sqlite"
    ),
    url: Annotated[str, typer.Option(help="The lake's address.", envvar="LAKESIM_URL")] = "",
    project: Annotated[str, typer.Option(help="The project's id.")] = "lakesim",
    dataset: Annotated[str, typer.Option(help="The dataset.")] = "production",
    token: Annotated[
        str, typer.Option(help="A token that may write.", envvar=["LAKESIM_TOKEN", "SANITY_TOKEN"], show_default=False)
    ] = "",
) -> None:
    context.obj = Places(db, url, project, dataset, token or None)


@product.command("add")
@guarded
def add(
    context: typer.Context,
    product_id: ProductId,
    title: str,
    description: str = "",
    handle: Annotated[str, typer.Option(help="The page's address; made from the title by default.")] = "",
    price: Annotated[int, typer.Option(min=0, help="In cents; 0 leaves the product without variants.")] = 0,
) -> None:
    """Save a new product.

    \b
    Example:
      python -m medusa_sync product add prod_01ABC123 "Premium Cotton T-Shirt" --price 2999
    """
    variants = [Variant(f"{product_id}_only", "One size", price)] if price else []
    with opened_shop(context.obj) as shop:
        event = shop.create_product(
            product_id, title, description=description, handle=handle or None, variants=variants
        )
    write(f"{event.name} {event.product_id}")


@product.command("rename")
@guarded
def rename(context: typer.Context, product_id: ProductId, title: str) -> None:
    """Change a product's title.

    \b
    Example:
      python -m medusa_sync product rename prod_01ABC123 "Premium Organic Cotton T-Shirt"
    """
    with opened_shop(context.obj) as shop:
        event = shop.update_product(product_id, title=title)
    write(f"{event.name} {event.product_id}")


@product.command("remove")
@guarded
def remove(context: typer.Context, product_id: ProductId) -> None:
    """Delete a product.

    \b
    Example:
      python -m medusa_sync product remove prod_01ABC123
    """
    with opened_shop(context.obj) as shop:
        event = shop.delete_product(product_id)
    write(f"{event.name} {event.product_id}")


@product.command("fill")
@guarded
def fill(context: typer.Context, count: Annotated[int, typer.Argument(min=1)]) -> None:
    """Save so many products, prod_00001 and on, to try a bulk sync with.

    \b
    Example:
      python -m medusa_sync product fill 1250
    """
    with opened_shop(context.obj) as shop:
        for number in range(1, count + 1):
            shop.create_product(f"prod_{number:05d}", f"Product {number}")
    write(f"{count} products saved")


@app.command("work")
@guarded
def work(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Handle what waits, and end.")] = False,
    poll: Annotated[float, typer.Option(min=0.05, help="Seconds between looks at the outbox.")] = 1.0,
    deletes: Deletes = "keep",
) -> None:
    """Handle the shop's events as they come, until SIGINT or SIGTERM.

    \b
    Examples:
      python -m medusa_sync --url http://127.0.0.1:3333 work
      python -m medusa_sync --url http://127.0.0.1:3333 work --once --deletes remove
    """
    with _until_signal() as stopped, served(context.obj, deletes=check_policy(deletes)) as service:
        while True:
            drained = service.drain()
            for outcome in drained.outcomes:
                write(dumps({"status": outcome.status, "error": outcome.error, **_gist(outcome)}))
            if once:
                raise typer.Exit(FOUND if drained.waiting or drained.set_aside else OK)
            if stopped.wait(poll):
                return


@app.command("sync")
@guarded
def sync(
    context: typer.Context, product_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None
) -> None:
    """Sync products now; without ids all of them, in batches of 200 and in parallel.

    \b
    Examples:
      python -m medusa_sync --url http://127.0.0.1:3333 sync
      python -m medusa_sync --url http://127.0.0.1:3333 sync prod_01ABC123
    """
    with served(context.obj) as service:
        finish(service.sync(product_ids or None), service.lake)


@app.command("status")
@guarded
def status(
    context: typer.Context,
    product_id: ProductId,
    press: Annotated[bool, typer.Option("--sync", help="Sync the product first, as the widget's button does.")] = False,
    studio: Annotated[str, typer.Option(help="The Studio's address, for the link.")] = STUDIO_URL,
) -> None:
    """Say whether a product is synced, why not, and where to edit it; exit code 1 if it is not.

    \b
    Examples:
      python -m medusa_sync --url http://127.0.0.1:3333 status prod_01ABC123
      python -m medusa_sync --url http://127.0.0.1:3333 status prod_01ABC123 --sync
    """
    with served(context.obj) as service:
        if press:
            _, found = sync_one(service, product_id, studio_url=studio)
        else:
            found = sync_status(service, product_id, studio_url=studio)
    write(dumps(found.to_json()))
    raise typer.Exit(OK if found.status == "synced" else FOUND)


@app.command("orphans")
@guarded
def orphans(
    context: typer.Context,
    delete: Annotated[bool, typer.Option("--remove", help="Remove those that no product recommends.")] = False,
    unlink: Annotated[bool, typer.Option("--unlink", help="Remove all, out of recommendations first.")] = False,
    even_most: Annotated[bool, typer.Option("--even-most", help="Even if they are most of the documents.")] = False,
) -> None:
    """List the documents without a product, or clean them up; exit code 1 if some are left.

    \b
    Examples:
      python -m medusa_sync --url http://127.0.0.1:3333 orphans
      python -m medusa_sync --url http://127.0.0.1:3333 orphans --remove
    """
    if delete and unlink:
        fail("--remove and --unlink exclude each other")
    with served(context.obj) as service:
        if delete or unlink:
            timeline = service.timeline()
            done = clean_up(
                service.commerce,
                service.lake,
                deletes="unlink" if unlink else "remove",
                policy=service.policy,
                timeline=timeline,
                even_most=even_most,
            )
            tell(timeline.moments)
            for one in done:
                write(dumps({"productId": one.product_id, "fate": one.fate, "error": one.error}))
        left = find_orphans(service.commerce, service.lake)
    for orphan in left:
        write(dumps(orphan.to_json()))
    raise typer.Exit(FOUND if left else OK)


@app.command("reconcile")
@guarded
def reconcile(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare only.")] = False,
) -> None:
    """Compare both sides and sync what is missing or differs; exit code 1 if something was found.

    \b
    Examples:
      python -m medusa_sync --url http://127.0.0.1:3333 reconcile --dry-run
      17 4 * * 1  python -m medusa_sync --db shop.sqlite --url http://127.0.0.1:3333 reconcile
    """
    with served(context.obj) as service:
        found = compare(service, fix=not dry_run)
    write(dumps(found.report()))
    raise typer.Exit(OK if found.in_step else FOUND)


@app.command("page")
@guarded
def page(
    context: typer.Context, handle: str, language: Annotated[str, typer.Option("--language", "-l")] = "en"
) -> None:
    """Show what a customer sees at an address; exit code 1 if there is no such page.

    \b
    Example:
      python -m medusa_sync --url http://127.0.0.1:3333 page premium-cotton-t-shirt -l es
    """
    with served(context.obj) as service:
        shown = product_page(service.commerce, service.lake, handle, language=language)
    write(dumps(None if shown is None else shown.to_json()))
    raise typer.Exit(FOUND if shown is None else OK)


@app.command("recommend")
@guarded
def recommend(
    context: typer.Context,
    product_id: ProductId,
    products: Annotated[list[str], typer.Argument(help="The recommended products.", metavar="ID...")],
    title: Annotated[str, typer.Option(help="The heading above them.")] = "Complete Your Look",
) -> None:
    """Let a product recommend others, and say who recommends each of them now.

    \b
    Example:
      python -m medusa_sync --url http://127.0.0.1:3333 recommend prod_00001 prod_00002 prod_00003
    """
    with served(context.obj) as service:
        addons = Addons(service.lake)
        addons.recommend(product_id, title, products)
        for one in products:
            write(dumps({"productId": one, "recommendedBy": addons.recommended_by(one)}))


@app.command("runs")
@guarded
def runs(context: typer.Context) -> None:
    """List the runs of the workflow, one JSON object a line; exit code 1 if one did not end well.

    \b
    Example:
      python -m medusa_sync runs
    """
    with opened_shop(context.obj) as shop:
        found = Executions(shop.database).all()
    for one in found:
        row = {"id": one.id, "status": one.status, "total": one.total, "error": one.error}
        write(dumps({**row, "startedAt": one.started_at, "finishedAt": one.finished_at}))
    raise typer.Exit(OK if all(one.status == "done" for one in found) else FOUND)


@contextmanager
def _until_signal() -> Iterator[Flag]:
    """Give a flag that SIGINT and SIGTERM raise, so that an event at hand is handled to its end."""
    stopped = Flag()
    earlier = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in earlier:
        signal.signal(number, lambda *_: stopped.set())
    try:
        yield stopped
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _gist(outcome: Any) -> dict[str, Any]:
    if outcome.deletion is None:
        return {"result": outcome.result.report()}
    return {"deleted": outcome.deletion.product_id, "fate": outcome.deletion.fate}


def main() -> None:
    """Run the command line."""
    app()
