"""PostgreSQL inside the installation: started, watched and stopped with the service.

Meant for evaluation and small installations on one machine; a larger one sets a database URL.
The binaries come from a wheel, the supervision is ours.
"""

from db.embedded.bootstrap import APP_ROLE, DATABASE, OWNER_ROLE, bootstrap
from db.embedded.errors import (
    BinariesMissing,
    DataDirectoryInUse,
    DataDirectoryUnusable,
    DataDirectoryVersion,
    EmbeddedServerError,
    ServerDidNotStart,
)
from db.embedded.layout import default_data_dir
from db.embedded.server import EmbeddedServer

__all__ = [
    "APP_ROLE",
    "DATABASE",
    "OWNER_ROLE",
    "BinariesMissing",
    "DataDirectoryInUse",
    "DataDirectoryUnusable",
    "DataDirectoryVersion",
    "EmbeddedServer",
    "EmbeddedServerError",
    "ServerDidNotStart",
    "bootstrap",
    "default_data_dir",
]
