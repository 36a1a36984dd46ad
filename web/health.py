"""Is the app alive, and can it serve? Open to everybody, and says nothing else."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

router = APIRouter(prefix="/health", include_in_schema=False)


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(request: Request) -> JSONResponse:
    """The database answers; and, for information, whether Rasa does."""
    try:
        async with request.app.state.work.reading() as session:
            await session.execute(text("select 1"))
    except (SQLAlchemyError, OSError):
        # asyncpg's own refusal of a connection is an OSError.
        return JSONResponse({"status": "database_unavailable"}, status_code=503)
    return JSONResponse({"status": "ok", "bot": "ok" if await request.app.state.bot.is_ready() else "unavailable"})
