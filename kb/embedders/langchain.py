"""An embedder as LangChain knows it."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings

from kb.embedders.base import Embedder


class LangChainEmbeddings(Embeddings):
    """Gives LangChain's retrievers and stores our embedder, prefixes included."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed passages."""
        vectors: list[list[float]] = self._embedder.embed_passages(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Embed one question."""
        vector: list[float] = self._embedder.embed_queries([text])[0].tolist()
        return vector
