"""Dana: a language for business logic that must not fall over."""

from dana.abi import VERSION as __version__

__all__ = ["__version__"]
