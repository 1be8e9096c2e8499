"""Other places than PostgreSQL that passages may be kept in: any vector store of LangChain's.

    from frontdesk.knowledge.stores import AsLangChain, VectorStoreLibrary, VectorStoreRetriever

A store whose filters are written differently is one small file here; tests/knowledge/retriever_contract.py is
what it must satisfy.
"""

from frontdesk.knowledge.stores.langchain import AsLangChain, VectorStoreRetriever
from frontdesk.knowledge.stores.library import VectorStoreLibrary

__all__ = ["AsLangChain", "VectorStoreLibrary", "VectorStoreRetriever"]
