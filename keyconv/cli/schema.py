"""`keyconv schema`: the JSON Schemas of what keyconv prints and reads."""

from __future__ import annotations

from keyconv import schemas
from keyconv.cli.render import Screen, to_json
from keyconv.errors import UsageError
from keyconv.text.nearest import nearest
from keyconv.text.quoting import quote

__all__ = ["run", "run_list"]


def run(name: str, *, screen: Screen) -> int:
    """Print a schema.

    Raises: UsageError for a name that none has, with the nearest one.
    """
    wanted = name.strip().lower().replace(" ", "-")
    if wanted not in schemas.NAMES:
        near = nearest(wanted, list(schemas.NAMES))
        hint = f"did you mean '{near}'?" if near else "keyconv schema lists them"
        raise UsageError(f"there is no schema {quote(name)}", hint=hint)
    screen.data(schemas.text(wanted))
    return 0


def run_list(*, screen: Screen) -> int:
    """Print the names of all schemas and what each is of."""
    titles = {name: schemas.load(name)["title"] for name in schemas.NAMES}
    if screen.as_json:
        screen.data(to_json(titles))
        return 0
    width = max(map(len, titles))
    screen.data("".join(f"{name:<{width}}  {title}\n" for name, title in titles.items()))
    return 0
