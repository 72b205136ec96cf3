"""A file replaced in one step: it is the old one or the new one, whole, whatever happens."""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Put the content in the place of what the file holds, or of the file that a link leads to; its mode stays.

    Raises OSError where that cannot be done; then the file stays as it is.
    """
    import shutil
    import tempfile

    target = path.resolve()
    if not os.access(target, os.W_OK):  # its folder might allow what it does not
        raise PermissionError(13, "it is read-only")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
