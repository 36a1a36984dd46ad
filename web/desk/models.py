"""The bot's kept models, for admins: how each did in its trial, which one serves, and a button to train another."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.requests import HTTPConnection
from fastapi.responses import RedirectResponse, Response

from bot.models import Endings, KeptModels, Model, Progress
from connectors.rasa_rest import ModelRefused, RasaModels, RasaSilent, RasaSlow
from core.errors import NotFound
from core.http import ReadingSessionDep
from crm.agents.auth import BotTeacher
from crm.models import Agent
from web.bot_training import BotTraining
from web.desk.pages import page
from web.desk.words import ModelState, TrialState
from web.training_examples import examples

router = APIRouter(prefix="/desk", include_in_schema=False)

PATH = "/desk/models"
# A model serves, though not the one or not at once that was meant.
MIXED_ENDINGS = frozenset({Endings.SERVES_NEXT, Endings.KEPT})
# Another model went on serving, and the new one may be chosen all the same. Who broke a training off may have done so
# between the choice and the word of it.
PASSED_OVER = frozenset({*MIXED_ENDINGS, Endings.WORSE, Endings.REFUSED, Endings.BROKEN_OFF})
BAD_ENDINGS = frozenset({Endings.WORSE, Endings.REFUSED, Endings.FAILED, Endings.BROKEN_OFF})


class ModelNotFound(NotFound):
    """There is no such model."""

    code = "model_not_found"


@dataclass(frozen=True)
class Row:
    """A model as the page shows it."""

    model: Model
    made_at: datetime
    state: ModelState
    trial: TrialState


async def get_training(connection: HTTPConnection) -> BotTraining:
    training: BotTraining = connection.app.state.bot_training
    return training


async def get_rasa_models(connection: HTTPConnection) -> RasaModels:
    parts = connection.app.state.parts
    return RasaModels(parts.rasa_client, token=parts.settings.rasa_token.get_secret_value())


TrainingDep = Annotated[BotTraining, Depends(get_training)]
RasaModelsDep = Annotated[RasaModels, Depends(get_rasa_models)]


@router.get("/models")
async def list_models(request: Request, agent: BotTeacher, training: TrainingDep, rasa: RasaModelsDep) -> Response:
    """The kept models, the newest first, and how the last training goes or went."""
    return await _page(request, agent, training, rasa)


@router.post("/models")
async def use_model(
    request: Request,
    agent: BotTeacher,
    training: TrainingDep,
    rasa: RasaModelsDep,
    name: Annotated[str, Form(max_length=100)],
) -> Response:
    """Have another model serve: a new one, or an earlier one to go back to."""
    if await asyncio.to_thread(training.models.get, name) is None:
        raise ModelNotFound
    try:
        await rasa.use(name)
    except ModelRefused as refusal:
        return await _page(request, agent, training, rasa, status=409, refusal=str(refusal))
    except RasaSilent:
        return await _page(request, agent, training, rasa, status=503, is_silent=True)
    except RasaSlow:
        return await _page(request, agent, training, rasa, status=504, is_slow=True)
    return RedirectResponse(PATH, status_code=303)


@router.post("/models/train")
async def train(_agent: BotTeacher, session: ReadingSessionDep, training: TrainingDep) -> Response:
    """Begin a training with everything that is labelled."""
    await training.begin(await examples(session))
    return RedirectResponse(PATH, status_code=303)


async def _page(
    request: Request,
    agent: Agent,
    training: BotTraining,
    rasa: RasaModels,
    *,
    status: int = 200,
    refusal: str = "",
    is_silent: bool = False,
    is_slow: bool = False,
) -> Response:
    rows, progress = await asyncio.to_thread(_read, training.models, await rasa.serving())
    ending = _ending(progress, rows)
    return page(
        request,
        "desk/models.html",
        agent,
        section="models",
        status=status,
        rows=rows,
        progress=progress,
        is_running=training.is_running,
        is_possible=training.is_possible,
        ending=ending,
        tone=_tone(ending),
        refusal=refusal,
        is_silent=is_silent,
        is_slow=is_slow,
    )


def _read(models: KeptModels, served: str | None) -> tuple[list[Row], Progress | None]:
    chosen, progress = models.serving, models.progress()
    rows = [
        Row(
            model,
            datetime.fromisoformat(model.made_at),
            _state(model, served=served or chosen, chosen=chosen),
            _trial_state(model, progress),
        )
        for model in models.all()
    ]
    return rows, progress


def _trial_state(model: Model, progress: Progress | None) -> TrialState:
    if model.trial:
        return TrialState.tried
    if not model.trial_began_at:
        return TrialState.untried
    is_on = progress is not None and progress.is_running and progress.model == model.name
    return TrialState.under_way if is_on else TrialState.broken_off


def _ending(progress: Progress | None, rows: Sequence[Row]) -> str | None:
    """How the last training ended, as far as it still holds: what serves may have been chosen since."""
    if progress is None:
        return None
    serves = any(row.state is ModelState.serves and row.model.name == progress.model for row in rows)
    if serves and progress.outcome in PASSED_OVER:
        return Endings.SERVES
    return None if progress.outcome == Endings.SERVES and not serves else progress.outcome


def _tone(ending: str | None) -> str:
    return "bad" if ending in BAD_ENDINGS else "warn" if ending in MIXED_ENDINGS else "good"


def _state(model: Model, *, served: str | None, chosen: str | None) -> ModelState:
    """What Rasa serves comes first: what was chosen while it could not be told serves from its next start on."""
    if model.name == served:
        return ModelState.serves
    if model.name == chosen:
        return ModelState.serves_next
    return ModelState.earlier if model.served_at else ModelState.candidate
