"""Routes of the models."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.dependencies import CurrentOperations
from app.api.models import ModelList

router = APIRouter(prefix="/models", tags=["models"])


@router.get("")
def models(operations: CurrentOperations) -> ModelList:
    """List the models, which are here and which are in use."""
    return operations.models()


@router.post("/{name}/use")
def use(name: str, operations: CurrentOperations) -> ModelList:
    """Answer with another chat model from the next question on."""
    return operations.use_model(name)
