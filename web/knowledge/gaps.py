"""Questions that had no sure answer, and what editors do about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.http import RowId
from crm.agents.auth import KnowledgeEditor
from knowledge_base.enums import GapState
from knowledge_base.models import Gap
from knowledge_base.question import matching_form
from knowledge_base.service import KnowledgeService
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge_access import KnowledgeDep, KnowledgeReadDep

router = APIRouter(include_in_schema=False)

PATH = f"{HOME}/questions"
MOST_SHOWN = 500


@dataclass(frozen=True)
class AskedQuestion:
    """The same question, however often it was asked; latest first, at least one."""

    gaps: Sequence[Gap]

    @property
    def latest(self) -> Gap:
        return self.gaps[0]


def group(gaps: Iterable[Gap]) -> list[AskedQuestion]:
    """Put equal questions together, in the order of their latest asking; spelling and case do not part them."""
    groups: dict[tuple[str, str], list[Gap]] = {}
    for gap in gaps:
        groups.setdefault(_key(gap), []).append(gap)
    return [AskedQuestion(same) for same in groups.values()]


async def settle_with_equals(knowledge: KnowledgeService, gap_id: int) -> None:
    """Mark a question, and the open ones equal to it, as answered; nothing where there is none."""
    gap = await knowledge.gaps.get(gap_id)
    if gap is None:
        return
    still_open = await knowledge.gaps.in_state(GapState.open, limit=MOST_SHOWN)
    for equal in still_open:
        if _key(equal) == _key(gap):
            await knowledge.settle(equal.id, GapState.answered)


@router.get("/questions")
async def list_gaps(
    request: Request, agent: KnowledgeEditor, knowledge: KnowledgeReadDep, state: str = GapState.open
) -> Response:
    """Questions in one state, latest first; the open ones where the state is unknown."""
    shown = next((one for one in GapState if one == state), GapState.open)
    return knowledge_page(
        request,
        "gaps.html",
        agent,
        questions=group(await knowledge.gaps.in_state(shown, limit=MOST_SHOWN)),
        state=shown,
        counts={state: await knowledge.gaps.count(state) for state in GapState},
        open_gaps=await knowledge.gaps.count(GapState.open),
    )


@router.post("/questions")
async def settle_gaps(
    _agent: KnowledgeEditor,
    knowledge: KnowledgeDep,
    gap: Annotated[list[RowId], Form(max_length=MOST_SHOWN)],
    state: Annotated[GapState, Form()],
    shown: Annotated[GapState, Form()] = GapState.open,
) -> Response:
    """Dismiss questions, mark them answered, or open them again."""
    for gap_id in gap:
        await knowledge.settle(gap_id, state)
    return RedirectResponse(f"{PATH}?state={shown.value}", status_code=303)


def _key(gap: Gap) -> tuple[str, str]:
    return gap.language, matching_form(gap.question)
