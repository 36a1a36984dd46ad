"""How sure the bot must be before it answers: chosen by the share of wrong answers that an admin can bear."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from crm.agents.auth import PrecisionKeeper
from crm.models import Agent
from knowledge_base.enums import GapState
from knowledge_base.operating_point import CalibrationData
from knowledge_base.precision import LEAST_WRONG, MOST_WRONG, NotCalibrated, Precision, ShareUnfit
from knowledge_base.service import KnowledgeService
from language.normalise import normalise
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge_access import KnowledgeDep, KnowledgeReadDep

router = APIRouter(include_in_schema=False)

PATH = f"{HOME}/precision"
# Shares of wrong answers of which the page says what would come of them.
EXAMPLES = (0.02, 0.04, 0.06, 0.1, 0.15, 0.2)
# A curve's drawing is a square of this side, in units of its own.
SIDE = 200


@router.get("/precision")
async def show_precision(
    request: Request, agent: PrecisionKeeper, knowledge: KnowledgeReadDep, done: str = ""
) -> Response:
    """Where the bot answers, what comes of it, and how far its confidence is true."""
    return await _show(request, agent, knowledge, done=done)


@router.post("/precision")
async def choose_precision(
    request: Request,
    agent: PrecisionKeeper,
    reading: KnowledgeReadDep,
    knowledge: KnowledgeDep,
    percent: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Choose how many of the given answers may be wrong; an empty text is what the ranker was trained for."""
    try:
        await Precision(knowledge).choose(_share(percent), by=agent.name)
    except (ShareUnfit, NotCalibrated) as refusal:
        return await _show(request, agent, reading, typed=percent, problem=refusal.code, status=422)
    return RedirectResponse(f"{PATH}?done=precision", status_code=303)


def _share(percent: str) -> float | None:
    """What was typed, in any digits, as a share; none for nothing.

    Raises:
        ShareUnfit
    """
    typed = normalise(percent).replace("٫", ".").replace("/", ".").strip(" %٪")
    try:
        return float(typed) / 100 if typed else None
    except ValueError as error:
        raise ShareUnfit from error


async def _show(
    request: Request,
    agent: Agent,
    knowledge: KnowledgeService,
    *,
    typed: str | None = None,
    problem: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    precision = Precision(knowledge)
    now, held_out = precision.now(), precision.held_out
    chosen = "" if now.wrong_wanted is None else f"{now.wrong_wanted * 100:g}"
    return knowledge_page(
        request,
        "precision.html",
        agent,
        status=status,
        open_gaps=await knowledge.gaps.count(GapState.open),
        now=now,
        held_out=held_out,
        is_calibrated=knowledge.live.is_calibrated,
        examples=[precision.at(wrong) for wrong in EXAMPLES] if held_out else [],
        bounds=(LEAST_WRONG, MOST_WRONG),
        side=SIDE,
        trade=_trade(held_out) if held_out else "",
        typed=chosen if typed is None else typed,
        problem=problem,
        done=done,
    )


def _trade(held_out: CalibrationData) -> str:
    """The line of how many answers are wrong, by how many questions are answered, as an SVG polyline has its points."""
    return " ".join(f"{one.answered * SIDE:.1f},{SIDE - one.wrong * SIDE:.1f}" for one in held_out.points)
