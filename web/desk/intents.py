"""Messages that the bot was unsure of or got wrong, for admins, who say what they mean; it learns from that."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field, field_validator

from core.http import ClockDep, ReadingSessionDep, SessionDep
from crm.agents.auth import BotTeacher
from crm.labels.service import LabelService
from web.desk import words
from web.desk.pages import page
from web.training_examples import as_lines, examples

router = APIRouter(prefix="/desk", include_in_schema=False)

PATH = "/desk/intents"
MOST_SHOWN = 100
MOST_IN_A_GROUP = 500


class Shown(StrEnum):
    """Which messages the page lists."""

    unlabelled = "unlabelled"
    labelled = "labelled"


class LabelForm(BaseModel):
    """What some messages of the same words mean, or that they teach nothing; an empty one takes back what was said."""

    # Separated by commas: a form may not have as many fields as a group may have messages.
    messages: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*$")]
    intent: str = ""
    shown: Shown = Shown.unlabelled
    language: str = ""

    @field_validator("intent")
    @classmethod
    def known(cls, intent: str) -> str:
        """Refuse what nobody can say of a message."""
        if intent and intent not in words.LABELS:
            raise ValueError("no such intent")
        return intent

    @property
    def message_ids(self) -> list[int]:
        return [int(one) for one in self.messages.split(",")][:MOST_IN_A_GROUP]


async def get_labels(session: SessionDep, clock: ClockDep) -> LabelService:
    return LabelService(session, clock=clock)


async def get_labels_for_reading(session: ReadingSessionDep, clock: ClockDep) -> LabelService:
    return LabelService(session, clock=clock)


LabelsDep = Annotated[LabelService, Depends(get_labels)]
LabelsReadDep = Annotated[LabelService, Depends(get_labels_for_reading)]


@router.get("/intents")
async def list_messages(
    request: Request, agent: BotTeacher, labels: LabelsReadDep, shown: str = Shown.unlabelled, language: str = ""
) -> Response:
    """Messages of the same words together; those without a label where it is unknown what was asked for."""
    chosen = next((one for one in Shown if one == shown), Shown.unlabelled)
    language = language if language in words.LANGUAGES else ""
    found = {Shown.unlabelled: await labels.unlabelled(), Shown.labelled: await labels.labelled()}
    lists = {
        one: [group for group in groups if not language or group.latest.language == language]
        for one, groups in found.items()
    }
    groups = lists[chosen]
    return page(
        request,
        "desk/intents.html",
        agent,
        section="intents",
        shown=chosen,
        language=language,
        counts={one: len(groups) for one, groups in lists.items()},
        groups=groups[:MOST_SHOWN],
        more=max(0, len(groups) - MOST_SHOWN),
        most_in_a_group=MOST_IN_A_GROUP,
    )


@router.post("/intents")
async def label_messages(agent: BotTeacher, labels: LabelsDep, form: Annotated[LabelForm, Form()]) -> Response:
    """Say what messages mean, or take it back."""
    if form.intent:
        await labels.label(form.message_ids, form.intent, by=agent)
    else:
        await labels.unlabel(form.message_ids)
    language = form.language if form.language in words.LANGUAGES else ""
    return RedirectResponse(f"{PATH}?shown={form.shown.value}&language={language}", status_code=303)


@router.get("/intents/export")
async def export_labels(_agent: BotTeacher, session: ReadingSessionDep) -> Response:
    """What was labelled, as `./hamyar evaluate intents` reads it."""
    return Response(
        as_lines(await examples(session)),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="intents.jsonl"'},
    )
