"""`/api/v1/agents` and the sign-in of people."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response, status

from core.http import RowId
from crm.agents.auth import SESSION_COOKIE, AgentManager, CurrentAgent
from crm.agents.schemas import AgentCreate, AgentRead, AgentUpdate, SignIn
from crm.agents.service import SESSION_LENGTH
from crm.dependencies import AgentsDep, AgentsReadDep
from crm.models import Agent

router = APIRouter(tags=["people"])


def set_session_cookie(request: Request, response: Response, token: str) -> None:
    """Hand the browser its session: unreadable to scripts, and not sent along from other sites."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION_LENGTH.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.app.state.settings.secure_cookies,
        path="/",
    )


@router.post("/session", response_model=AgentRead)
async def sign_in(body: SignIn, request: Request, response: Response, known: AgentsReadDep, agents: AgentsDep) -> Agent:
    """Sign in with e-mail and password; open to everybody, and limited in its rate."""
    with request.app.state.sign_in_limiter.trying(request, body.email):
        agent = await known.verify(body.email, body.password)
    token = await agents.open_session(agent)
    set_session_cookie(request, response, token)
    return agent


@router.get("/session", response_model=AgentRead)
async def who_am_i(agent: CurrentAgent) -> Agent:
    """The person who is signed in."""
    return agent


@router.delete("/session", status_code=status.HTTP_204_NO_CONTENT)
async def sign_out(request: Request, response: Response, _agent: CurrentAgent, agents: AgentsDep) -> None:
    """Sign out of this browser."""
    await agents.sign_out(request.cookies[SESSION_COOKIE])
    response.delete_cookie(SESSION_COOKIE, path="/")


@router.get("/agents", response_model=list[AgentRead])
async def list_agents(_agent: CurrentAgent, agents: AgentsDep) -> Sequence[Agent]:
    """Everybody who works here."""
    return await agents.agents.all()


@router.post("/agents", response_model=AgentRead, status_code=status.HTTP_201_CREATED)
async def create_agent(body: AgentCreate, _manager: AgentManager, agents: AgentsDep) -> Agent:
    """Make an account."""
    return await agents.create(**body.model_dump())


@router.patch("/agents/{agent_id}", response_model=AgentRead)
async def change_agent(agent_id: RowId, body: AgentUpdate, _manager: AgentManager, agents: AgentsDep) -> Agent:
    """Change an account."""
    return await agents.change(agent_id, **body.model_dump())
