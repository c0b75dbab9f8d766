#!/usr/bin/env bash
# Three Python libraries write to S3 by `with … open(…, "wb") as file:`. If an exception or Ctrl-C ends the block half-way,
# opendal 0.47.12, s3fs 2026.9.0 and cloudpathlib 0.26.0 close the file all the same, and store what was written so far
# under its key: an object that looks finished, and is truncated. obstore 0.12.1 stores nothing. Whoever reacts to the
# bucket's events gets half a film; and if the key had a whole one, half a film replaces it.
#
# That is what a file system does, too, but there nobody is told of the half file as of a new object. Amazon S3's own
# rule is that nobody ever sees part of an object, and the other clients of test/drops keep it. Safe with all: write
# to a key that nobody looks at, and copy the object to its place when it is whole.
#
# Seen, of 12,582,912 bytes written before the exception (20,971,520 were to come), for both kinds of interruption:
#   opendal, s3fs, cloudpathlib: an object of 12,582,912 bytes; obstore: no object.
#
# Needs Go and Python 3. Exits with 1 where the behaviour has changed.
set -euo pipefail

versitygw=v1.8.0
libraries=(opendal==0.47.12 s3fs==2026.9.0 'cloudpathlib[s3]==0.26.0' obstore==0.12.1 aiobotocore==3.10.0 boto3==1.43.117 botocore==1.43.117)
work="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT

GOBIN="$work/bin" CGO_ENABLED=0 go install "github.com/versity/versitygw/cmd/versitygw@$versitygw" >&2
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "${libraries[@]}" >&2

port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
mkdir "$work/objects" "$work/accounts"
ROOT_ACCESS_KEY=access ROOT_SECRET_KEY=secretsecret "$work/bin/versitygw" --port "127.0.0.1:$port" --region us-east-1 \
  --iam-dir "$work/accounts" --quiet posix "$work/objects" >"$work/log" 2>&1 &
server=$!

cat >"$work/write.py" <<'PYTHON'
import sys

LIBRARY, INTERRUPTION, ENDPOINT = sys.argv[1:]
KEY_ID, SECRET, REGION = "access", "secretsecret", "us-east-1"
KEY = f"{LIBRARY}-{INTERRUPTION}"
MIB = 1024 * 1024


def open_for_writing():
    if LIBRARY == "opendal":
        import opendal

        place = {"bucket": "bucket", "endpoint": ENDPOINT, "region": REGION}
        return opendal.Operator("s3", access_key_id=KEY_ID, secret_access_key=SECRET, **place).open(KEY, "wb")
    if LIBRARY == "s3fs":
        import s3fs

        client = {"region_name": REGION}
        files = s3fs.S3FileSystem(key=KEY_ID, secret=SECRET, endpoint_url=ENDPOINT, client_kwargs=client)
        return files.open(f"bucket/{KEY}", "wb")
    if LIBRARY == "cloudpathlib":
        from cloudpathlib import S3Client

        client = S3Client(aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, endpoint_url=ENDPOINT)
        return client.CloudPath(f"s3://bucket/{KEY}").open("wb")
    import obstore
    from obstore.store import S3Store

    keys = {"access_key_id": KEY_ID, "secret_access_key": SECRET}
    store = S3Store("bucket", endpoint=ENDPOINT, region=REGION, client_options={"allow_http": True}, **keys)
    return obstore.open_writer(store, KEY)


with open_for_writing() as file:
    for _ in range(12):
        file.write(bytes(MIB))
    if INTERRUPTION == "ctrl-c":
        raise KeyboardInterrupt
    raise OSError("the source broke off, 8 MiB before its end")
PYTHON

cat >"$work/bucket.py" <<'PYTHON'
import sys
import time

import boto3
from botocore.exceptions import ClientError, EndpointConnectionError

what, endpoint, key = sys.argv[1:]
keys = {"aws_access_key_id": "access", "aws_secret_access_key": "secretsecret"}
s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
if what == "create":
    for _ in range(100):
        try:
            s3.create_bucket(Bucket=key)
            break
        except EndpointConnectionError:
            time.sleep(0.1)
else:
    try:
        print(s3.head_object(Bucket="bucket", Key=key)["ContentLength"])
    except ClientError as error:
        print(error.response["Error"]["Code"])
PYTHON

python="$work/venv/bin/python"
endpoint="http://127.0.0.1:$port"
"$python" "$work/bucket.py" create "$endpoint" bucket
has_changed=0
for library in opendal s3fs cloudpathlib obstore; do
  expected=12582912
  [ "$library" != obstore ] || expected=404
  for interruption in exception ctrl-c; do
    if "$python" "$work/write.py" "$library" "$interruption" "$endpoint" 2>"$work/error"; then
      echo "$library told nobody of the $interruption" >&2
      has_changed=1
    fi
    seen="$("$python" "$work/bucket.py" size "$endpoint" "$library-$interruption")"
    echo "$library, $interruption: $seen"
    if [ "$seen" != "$expected" ]; then
      tail -n 1 "$work/error" >&2
      has_changed=1
    fi
  done
done
[ "$has_changed" = 0 ] && {
  echo "as described"
  exit 0
}
echo "the behaviour has changed" >&2
exit 1
