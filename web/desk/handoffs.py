"""The handoff policy, for admins: what each number means, a form to change it, and a trial on past conversations."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from crm.agents.auth import PolicyEditor
from crm.conversations.handoff_policy import SIGNAL_REASONS, HandoffPolicy
from crm.conversations.policy_trial import try_policy
from crm.dependencies import ConversationsReadDep
from crm.enums import HandoffReason
from crm.models import Agent
from language.normalise import normalise
from sentiment.frustration import EDITABLE, WeightUnfit, changed_weights, load_weights
from web.desk import words
from web.desk.pages import page

router = APIRouter(prefix="/desk", include_in_schema=False)

PATH = "/desk/handoffs"
Typed = dict[str, Any]


@router.get("/handoffs")
async def show_policy(
    request: Request, agent: PolicyEditor, conversations: ConversationsReadDep, saved: bool = False, new: bool = False
) -> Response:
    """The policy in force or, to go back to, that of a new installation, which nothing puts in force but saving."""
    policies = conversations.policies
    policy = policies.default if new else await policies.current()
    return _page(request, agent, _written_out(policy), revision=await policies.revision(), saved=saved, new=new)


@router.post("/handoffs")
async def change_policy(
    request: Request,
    agent: PolicyEditor,
    conversations: ConversationsReadDep,
    act: Annotated[Literal["try", "save"], Form()] = "try",
    revision: Annotated[int, Form()] = 0,
) -> Response:
    """Try what was typed on past conversations, or put it in force unless a colleague has saved since it was shown."""
    typed = _typed(await request.form())
    try:
        policy = HandoffPolicy.model_validate(typed)
        policy = policy.model_copy(update={"weights": _differing(policy.weights)})
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        problem = str(place[1] if place[0] == "weights" else place[0])
        return _page(request, agent, typed, revision=revision, problem=problem)
    except WeightUnfit as error:
        return _page(request, agent, typed, revision=revision, problem=error.name)
    if act == "save":
        # Here and not for the request as a whole: a trial takes a while, in which others must be able to write.
        async with request.app.state.parts.work.begin() as session:
            policies = request.app.state.open_conversations(session).policies
            now = await policies.revision()
            if now == revision:
                await policies.save(policy, by=agent)
        if now != revision:
            return _page(request, agent, typed, revision=now, saved_meanwhile=True)
        return RedirectResponse(f"{PATH}?saved=true", status_code=303)
    trial = await try_policy(
        policy,
        await conversations.policies.current(),
        conversations=conversations.conversations,
        reader=request.app.state.parts.reader,
    )
    return _page(request, agent, typed, revision=revision, trial=trial)


def _typed(form: FormData) -> Typed:
    """The form as the policy's fields; numbers stay as typed, for the policy to refuse."""
    weights = {name: _number(form, f"weights.{name}") for name in EDITABLE}
    return {
        **{name: _number(form, name) for name in words.THRESHOLDS},
        "at_once": [str(value) for value in form.getlist("at_once")],
        "priorities": {reason.value: str(form.get(f"priorities.{reason}", "")) for reason in HandoffReason},
        "tell": {reason.value: [str(role) for role in form.getlist(f"tell.{reason}")] for reason in HandoffReason},
        "weights": weights,
    }


def _number(form: FormData, name: str) -> str:
    """What was typed for a number, in Latin digits whatever the keyboard."""
    return normalise(str(form.get(name, ""))[:40]).replace("٫", ".").strip()


def _differing(numbers: Mapping[str, float]) -> dict[str, float]:
    """Those of the numbers that are not what ships, so that an update still moves the others; raises WeightUnfit."""
    shipped = load_weights()
    changed_weights(shipped, numbers)
    return {name: number for name, number in numbers.items() if number != getattr(shipped, name)}


def _written_out(policy: HandoffPolicy) -> Typed:
    """A policy as the form shows it, with the weights that it does not change."""
    weights = changed_weights(load_weights(), policy.weights)
    content = policy.model_dump(mode="json")
    numbers = {name: f"{content[name]:g}" for name in words.THRESHOLDS}
    return content | numbers | {"weights": {name: f"{getattr(weights, name):g}" for name in EDITABLE}}


def _page(
    request: Request,
    agent: Agent,
    typed: Typed,
    *,
    revision: int,
    problem: str = "",
    saved_meanwhile: bool = False,
    **context: Any,
) -> Response:
    """The form; saving it replaces the policy of this revision and no other."""
    return page(
        request,
        "desk/handoffs.html",
        agent,
        section="handoffs",
        status=422 if problem else 409 if saved_meanwhile else 200,
        typed=typed,
        revision=revision,
        problem=problem,
        saved_meanwhile=saved_meanwhile,
        signal_reasons=SIGNAL_REASONS,
        **{"trial": None, "saved": False, "new": False} | context,
    )
