"""Embed through a server that speaks OpenAI's protocol: vLLM, Xinference, a company's gateway."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import httpx
import numpy as np

from kb.embedders.base import Embedder, Vectors
from kb.errors import BackendUnavailableError, EmbeddingError, SettingsError
from kb.models.table import EmbedderModel

_TEXTS_PER_REQUEST = 32
_ATTEMPTS = 4
_FIRST_PAUSE = 0.5
_BUSY = frozenset({408, 429, 500, 502, 503, 504})


class OpenAIEmbedder(Embedder):
    """A client of ``POST {api_base_url}/embeddings``; tries again while the server is busy."""

    is_remote = True

    def __init__(
        self,
        model: EmbedderModel,
        *,
        api_base_url: str,
        api_key: str = "",
        timeout: float = 60.0,
        first_pause: float = _FIRST_PAUSE,
    ) -> None:
        super().__init__(model)
        if not api_base_url.startswith(("http://", "https://")):
            raise SettingsError(
                f"{model.name}: {api_base_url!r} is no address of a server; "
                "it looks like http://host:port/v1",
                name="api_base_url",
                problem=api_base_url,
            )
        self._url = api_base_url.rstrip("/")
        self._first_pause = first_pause
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(
            base_url=self._url, headers=headers, timeout=httpx.Timeout(timeout, connect=10.0)
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _encode(self, texts: Sequence[str]) -> Vectors:
        parts = [
            self._request(list(texts[start : start + _TEXTS_PER_REQUEST]))
            for start in range(0, len(texts), _TEXTS_PER_REQUEST)
        ]
        return np.concatenate(parts)

    def _request(self, texts: list[str]) -> Vectors:
        response = self._post({"model": self.model_id, "input": texts, "encoding_format": "float"})
        try:
            data = sorted(response.json()["data"], key=lambda item: int(item["index"]))
            vectors = np.array([item["embedding"] for item in data], dtype=np.float32)
        except (ValueError, KeyError, TypeError) as exc:
            raise EmbeddingError(
                f"{self._url} answered something else than embeddings: {exc}"
            ) from exc
        return self._of_right_shape(vectors, len(texts))

    def _post(self, body: dict[str, object]) -> httpx.Response:
        pause = self._first_pause
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._client.post("/embeddings", json=body)
            except httpx.ConnectError as exc:
                if attempt == _ATTEMPTS:
                    raise BackendUnavailableError(
                        f"no server answers at {self._url}: {exc}",
                        hint="start it, or correct its address",
                        model=self.model_id,
                    ) from exc
            except httpx.HTTPError as exc:
                if attempt == _ATTEMPTS:
                    raise EmbeddingError(f"{self._url} failed: {type(exc).__name__} {exc}") from exc
            else:
                if response.is_success:
                    return response
                if response.status_code not in _BUSY or attempt == _ATTEMPTS:
                    raise self._refused(response)
            # Spread, so that several processes do not come back at the same moment.
            time.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - no secret
            pause *= 2
        raise EmbeddingError(f"{self._url} gave no answer")

    def _refused(self, response: httpx.Response) -> EmbeddingError:
        words = response.text[:300]
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            words = f"the key is not accepted ({words})"
        elif response.status_code == httpx.codes.NOT_FOUND:
            words = f"no such model or address ({words})"
        return EmbeddingError(f"{self._url} answered {response.status_code}: {words}")
