from urllib.parse import urlsplit

from minio import Minio
from minio.commonconfig import CopySource

from driver import BUCKET, ENDPOINT, KEY_ID, REGION, SECRET, drive

PART_BYTES = 5 * 1024 * 1024
client = Minio(urlsplit(ENDPOINT).netloc, access_key=KEY_ID, secret_key=SECRET, region=REGION, secure=False)


def copy(source, key):
    client.copy_object(BUCKET, key, CopySource(BUCKET, source))


def move(source, key):
    copy(source, key)
    client.remove_object(BUCKET, source)


drive(
    upload=lambda path, key: client.fput_object(BUCKET, key, path),
    copy=copy,
    move=move,
    stream=lambda source, key: client.put_object(BUCKET, key, source, -1, part_size=PART_BYTES),
)
