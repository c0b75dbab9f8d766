import s3fs

from driver import BUCKET, ENDPOINT, KEY_ID, REGION, SECRET, drive, write_all

files = s3fs.S3FileSystem(key=KEY_ID, secret=SECRET, endpoint_url=ENDPOINT, client_kwargs={"region_name": REGION})


def place(key):
    return f"{BUCKET}/{key}"


def stream(source, key):
    with files.open(place(key), "wb") as target:
        write_all(target, source)


drive(
    upload=lambda path, key: files.put(path, place(key)),
    folder=lambda path, prefix: files.put(f"{path}/", place(prefix), recursive=True),
    copy=lambda source, key: files.copy(place(source), place(key)),
    move=lambda source, key: files.move(place(source), place(key)),
    stream=stream,
)
