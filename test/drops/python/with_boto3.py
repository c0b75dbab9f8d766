import boto3

from driver import BUCKET, ENDPOINT, drive

s3 = boto3.client("s3", endpoint_url=ENDPOINT)


def copy(source, key):
    s3.copy({"Bucket": BUCKET, "Key": source}, BUCKET, key)


def move(source, key):
    copy(source, key)
    s3.delete_object(Bucket=BUCKET, Key=source)


drive(
    upload=lambda path, key: s3.upload_file(path, BUCKET, key),
    copy=copy,
    move=move,
    stream=lambda source, key: s3.upload_fileobj(source, BUCKET, key),
)
