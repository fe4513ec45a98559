"""The service's documented bounds, each a named constant (content-lake reference, section 9)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that a lake enforces; the defaults are the service's documented ones, tests may lower them.

    Units: lengths in characters, sizes in bytes of the JSON text, counts in items.
    """

    document_id_length_max: int = 128
    """Characters of a stored `_id`, prefix included."""
    document_bytes_max: int = 32 * 1024 * 1024
    """JSON bytes of one document."""
    nesting_depth_max: int = 20
    """Objects and arrays inside one another in one document; the document itself is level 1."""
    document_attributes_max: int = 8000
    """Attributes (path with array indexes collapsed, plus datatype) in one document."""
    dataset_attributes_max: int = 10_000
    """Distinct attribute/datatype pairs over all documents of a dataset."""
    mutation_body_bytes_max: int = 4 * 1024 * 1024
    """JSON bytes of one mutate request."""
    mutation_query_documents_max: int = 10_000
    """Documents that one delete or patch by query may touch."""
    dataset_documents_max: int = 10_000_000
    """Documents in one dataset."""
    release_documents_max: int = 1_000
    """Version documents in one release."""
    active_releases_max: int = 100
    """Releases in one dataset that are neither published nor archived; plans differ."""
    listeners_max: int = 10_000
    """Listeners on one dataset at once."""
    listener_queue_max: int = 10_000
    """Events a listener may fall behind before its stream is closed with an error."""
    upload_bytes_max: int = 100 * 1024 * 1024
    """Bytes of one uploaded image or file."""
    image_pixels_max: int = 256 * 1000 * 1000
    """Pixels of one uploaded image."""
    transaction_id_length_max: int = 128
    """Characters of a caller's own transaction id."""
