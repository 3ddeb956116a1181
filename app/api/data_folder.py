"""Routes of the data folder as a whole."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from app.api.dependencies import CurrentOperations, require_token
from app.api.models import ExaminedModel
from app.api.requests import ExamineRequest

router = APIRouter(tags=["data folder"])


@router.post("/examine", dependencies=[Depends(require_token)])
def examine(request: ExamineRequest, operations: CurrentOperations) -> ExaminedModel:
    """Prove that the data folder holds together; needs the server's token."""
    return operations.examine(repair=request.repair)
