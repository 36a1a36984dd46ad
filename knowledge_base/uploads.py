"""A file that an editor sends with a form."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from knowledge_base.import_files import MAX_IMPORT_BYTES

# What FastAPI would say of the form if it read it.
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "publish_new": {"type": "boolean", "default": False},
                    },
                }
            }
        },
    }
}


class Upload(BaseModel):
    """The fields of the form."""

    file: bytes
    name: str = ""
    publish_new: bool = False


async def read_upload(request: Request) -> Upload:
    """The form, for a dependency that has asked who sends it: FastAPI would take in a large file before.

    Raises:
        RequestValidationError
    """
    async with request.form(max_files=1, max_fields=10) as form:
        fields: dict[str, Any] = {"publish_new": form["publish_new"]} if "publish_new" in form else {}
        upload = form.get("file")
        if isinstance(upload, UploadFile):
            # One byte more than fits tells that it is too large.
            fields |= {"file": await upload.read(MAX_IMPORT_BYTES + 1), "name": upload.filename or ""}
    try:
        return Upload.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
