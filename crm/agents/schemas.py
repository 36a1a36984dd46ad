from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crm.enums import Role

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Locale = Literal["fa", "en"]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]


class SignIn(BaseModel):
    email: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=1000)]


class AgentCreate(BaseModel):
    name: Name
    email: Email
    password: str
    role: Role = Role.agent
    locale: Locale = "fa"


class AgentUpdate(BaseModel):
    """Only what is given changes."""

    name: Name | None = None
    role: Role | None = None
    is_active: bool | None = None
    password: str | None = None
    locale: Locale | None = None


class AgentRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    email: str
    role: Role
    locale: str
    is_active: bool
    created_at: datetime
