"""The web door, as a factory: `uvicorn.run("api.app:create", factory=True)`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from api import problems
from api.pace import Pace
from api.portal import pages
from api.rest import health, lines, me
from api.wall import Wall
from foundation.database import open_store
from foundation.settings import Settings, read_settings
from monitoring.models import open_samples


def create(settings: Settings | None = None) -> FastAPI:
    """The portal and the REST door of the association that the settings name (default: the environment's).

    Raises BadSettings, NotInitialised, KeyMissing.
    """
    settings = settings or read_settings()
    store, samples = open_store(settings), open_samples(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        store.engine.dispose()
        samples.engine.dispose()

    app = FastAPI(title="Essaim", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.settings, app.state.store, app.state.samples = settings, store, samples
    app.state.pace = Pace()
    app.add_middleware(Wall, settings=settings)
    problems.install(app)
    for router in (pages.router, me.router, lines.router, health.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=str(files("api.portal") / "static")))
    # A one-time link is a path, and uvicorn notes down paths whatever it is started with.
    logging.getLogger("uvicorn.access").disabled = True
    return app
