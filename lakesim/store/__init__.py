"""The store: documents, indexes, transactions and history of one dataset."""
