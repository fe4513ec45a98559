"""Syncs a shop's products one way into a Content Lake, where editors enrich them; README.md is beside this package."""

from medusa_sync.addons import Addons
from medusa_sync.admin import sync_one, sync_status
from medusa_sync.commerce import Commerce
from medusa_sync.database import Database
from medusa_sync.editor import Editor
from medusa_sync.embedded_lake import EmbeddedLake
from medusa_sync.http_lake import HttpLake
from medusa_sync.models import Event, Product, Variant
from medusa_sync.orphans import clean_up, find_orphans
from medusa_sync.reconcile import reconcile
from medusa_sync.retrying import RetryPolicy
from medusa_sync.service import SyncService
from medusa_sync.storefront import product_page
from medusa_sync.workflow import Step

__all__ = [
    "Addons",
    "Commerce",
    "Database",
    "Editor",
    "EmbeddedLake",
    "Event",
    "HttpLake",
    "Product",
    "RetryPolicy",
    "Step",
    "SyncService",
    "Variant",
    "clean_up",
    "find_orphans",
    "product_page",
    "reconcile",
    "sync_one",
    "sync_status",
]
