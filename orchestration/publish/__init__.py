"""Write, audit, publish: the reporting model is swapped in whole after every check has passed."""

from orchestration.publish.publish import Published, publish

__all__ = ["Published", "publish"]
