"""An object store for tests: a real S3 server on this machine, in memory, that several processes can use."""

from __future__ import annotations

import logging
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import s3fs
from moto.server import ThreadedMotoServer

BUCKET = "activity-sync"


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """The environment in which `s3://` leads to an empty store with one bucket, until the block ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it logs every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environ = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    s3fs.S3FileSystem.clear_instance_cache()  # another test's store stood at another address
    try:
        # What a server of this process held before, the next one holds too.
        urllib.request.urlopen(f"{environ['AWS_ENDPOINT_URL']}/moto-api/reset", data=b"", timeout=30).close()
        s3fs.S3FileSystem(
            key="nobody", secret="nothing", endpoint_url=environ["AWS_ENDPOINT_URL"], skip_instance_cache=True
        ).mkdir(BUCKET)
        yield environ
    finally:
        server.stop()
        s3fs.S3FileSystem.clear_instance_cache()
