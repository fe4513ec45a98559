"""One dataset as users hold it, and what stands behind it: reading, writing, the past, and the core they share."""

from lakesim.dataset.dataset import Dataset, Visibility

__all__ = ["Dataset", "Visibility"]
