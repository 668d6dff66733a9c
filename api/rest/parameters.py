"""What every route may be asked besides its own: pages, fields, versions, keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query

from api.rest.noun import MOST_AT_ONCE

Cursor = Annotated[str, Query(max_length=400, description="the `next` of the page before")]
Fields = Annotated[str | None, Query(max_length=400, description="only these fields: `number,name`")]
Limit = Annotated[int, Query(ge=1, le=MOST_AT_ONCE, description="rows of a page, at most")]
Seen = Annotated[str | None, Header(alias="If-None-Match", description="an ETag: 304 where it is still so")]
Upon = Annotated[str | None, Header(alias="If-Match", description="the ETag of what was read: 412 where it is stale")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="sent again within a day under the same key (1 to 255 visible ASCII characters), a request does "
        "nothing twice",
    ),
]
