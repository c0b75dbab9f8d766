from pathlib import Path

import opendal

from driver import BUCKET, ENDPOINT, KEY_ID, REGION, SECRET, drive, write_all

bucket = opendal.Operator(
    "s3", bucket=BUCKET, endpoint=ENDPOINT, access_key_id=KEY_ID, secret_access_key=SECRET, region=REGION
)


def move(source, key):
    bucket.copy(source, key)
    bucket.delete(source)


def stream(source, key):
    with bucket.open(key, "wb") as target:
        write_all(target, source)


drive(
    upload=lambda path, key: bucket.write(key, Path(path).read_bytes()),
    copy=bucket.copy,
    move=move,
    stream=stream,
)
