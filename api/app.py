"""The web door, as a factory: `uvicorn.run("api.app:create", factory=True)`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from api import problems
from api.pace import Pace
from api.portal import (
    alerting,
    correcting,
    costing,
    diagnosing,
    inbox,
    late,
    measuring,
    owing,
    pages,
    powering,
    public,
    statements,
    uploads,
    watching,
)
from api.portal import papers as own_papers
from api.rest import alerts, costs, described, health, machines, me, metrics, nouns, papers, power, seeking
from api.rest import diagnosing as diagnoses
from api.rest.routes import routes_of
from api.wall import Wall
from desk import suggesting
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, open_store
from foundation.errors import EssaimError
from foundation.settings import Settings, read_settings
from monitoring.embedded import open_series
from monitoring.models import open_samples

_REST = (
    me.router,
    seeking.router,
    machines.router,
    diagnoses.router,
    alerts.router,
    costs.router,
    papers.receipts,
    papers.statements,
    power.router,
    *(routes_of(noun) for noun in nouns.ALL),
)
"""Routers know nothing of an association: made once, they serve every application of this process."""


def create(settings: Settings | None = None) -> FastAPI:
    """The portal and the REST door of the association that the settings name (default: the environment's).

    Raises BadSettings, NotInitialised, KeyMissing.
    """
    settings = settings or read_settings()
    store, samples, series = open_store(settings), open_samples(settings), open_series(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        left = asyncio.create_task(asyncio.to_thread(_tell_waiting, store, settings))
        yield
        await left
        store.engine.dispose()
        samples.engine.dispose()
        series.close()

    app = FastAPI(title="Essaim", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json", lifespan=lifespan)
    app.openapi = described.document(app, nouns.ALL)  # type: ignore[method-assign]  # the framework means it to be replaced
    app.state.settings, app.state.store, app.state.samples = settings, store, samples
    app.state.series = series
    app.state.now = clock.now
    app.state.remembered = public.Remembered()
    app.state.uploads = uploads.Uploads()
    app.state.pace, app.state.token_pace = Pace(), Pace()
    app.add_middleware(Wall, settings=settings)
    problems.install(app)
    for router in _REST:
        app.router.routes.extend(router.routes)  # as they are: included, each router is gone through twice a request
    app.include_router(health.router, include_in_schema=False)
    app.include_router(metrics.router, include_in_schema=False)
    app.include_router(public.router, include_in_schema=False)
    app.include_router(costing.router, include_in_schema=False)
    app.include_router(pages.router, include_in_schema=False)
    app.include_router(correcting.router, include_in_schema=False)
    app.include_router(owing.router, include_in_schema=False)
    app.include_router(inbox.router, include_in_schema=False)
    app.include_router(statements.router, include_in_schema=False)
    app.include_router(late.router, include_in_schema=False)
    app.include_router(own_papers.router, include_in_schema=False)
    app.include_router(diagnosing.router, include_in_schema=False)
    app.include_router(watching.router, include_in_schema=False)
    app.include_router(powering.router, include_in_schema=False)
    app.include_router(measuring.router, include_in_schema=False)
    app.include_router(alerting.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=str(files("api.portal") / "static")))
    # A one-time link is a path, and uvicorn notes down paths whatever it is started with.
    logging.getLogger("uvicorn.access").disabled = True
    return app


def _tell_waiting(store: Store, settings: Settings) -> None:
    """Say what a server that died before us had left unsaid. Whatever keeps it from that keeps nobody from the door."""
    try:
        suggesting.tell_waiting(store, settings, Act("machine:serve", clock.now()))
    except (EssaimError, OSError) as untold:
        logging.getLogger(__name__).warning("suggestions: %s", type(untold).__name__)
