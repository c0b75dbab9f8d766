from pathlib import Path

import obstore
from obstore.store import S3Store

from driver import BUCKET, ENDPOINT, KEY_ID, REGION, SECRET, drive, write_all

store = S3Store(
    BUCKET,
    endpoint=ENDPOINT,
    access_key_id=KEY_ID,
    secret_access_key=SECRET,
    region=REGION,
    client_options={"allow_http": True},
)


def stream(source, key):
    with obstore.open_writer(store, key) as target:
        write_all(target, source)


drive(
    upload=lambda path, key: obstore.put(store, key, Path(path)),
    copy=lambda source, key: obstore.copy(store, source, key),
    move=lambda source, key: obstore.rename(store, source, key),
    stream=stream,
)
