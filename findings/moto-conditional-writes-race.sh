#!/usr/bin/env bash
# moto_server 5.2.5 serves requests in threads, and lets other threads in between an UpdateItem's condition and its update.
# So several of those who ask at once for what only one can have are told that they have it. DynamoDB carries out the
# writes to an item one after the other, each under its condition. A test of a lock or a claim fails on moto now and then.
#
# moto also answers 500, with a page of HTML, to an UpdateItem that has a ConditionExpression and no UpdateExpression,
# which is not required: it is how a condition is asked for without a change.
#
# Seen: 5 to 13 of 20 claims of one item are granted; UpdateItem without UpdateExpression: 500.
#
# Needs Python 3 with venv. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=5.2.5
work="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$version"
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"$work/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/log" 2>&1 &
server=$!

cat >"$work/claim.py" <<'PYTHON'
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

endpoint = sys.argv[1]


def call(operation, **parameters):
    headers = {
        "x-amz-target": f"DynamoDB_20120810.{operation}",
        "content-type": "application/x-amz-json-1.0",
        "authorization": "AWS4-HMAC-SHA256 Credential=access/20260101/us-east-1/dynamodb/aws4_request, Signature=0",
    }
    try:
        return urlopen(Request(endpoint, json.dumps(parameters).encode(), headers)).status
    except HTTPError as error:
        return error.code


for _ in range(100):
    try:
        urlopen(endpoint)
        break
    except HTTPError:
        break
    except URLError:
        time.sleep(0.1)
call(
    "CreateTable",
    TableName="jobs",
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    BillingMode="PAY_PER_REQUEST",
)


# The longer the update, the longer the others are let in.
NAMES = [f"a{number}" for number in range(100)]


def claim(job, worker):
    return call(
        "UpdateItem",
        TableName="jobs",
        Key={"id": {"S": job}},
        ConditionExpression="attribute_not_exists(id)",
        UpdateExpression="SET " + ", ".join(f"{name} = :worker" for name in NAMES),
        ExpressionAttributeValues={":worker": {"S": worker}},
    )


granted = []
with ThreadPoolExecutor(20) as workers:
    for round in range(3):
        answers = list(workers.map(lambda worker: claim(f"job-{round}", str(worker)), range(20)))
        granted.append(answers.count(200))
unchanged = call("UpdateItem", TableName="jobs", Key={"id": {"S": "job-0"}}, ConditionExpression="attribute_exists(id)")
print("claims of one item that are granted, of 20, in each of 3 rounds:", *granted)
print("UpdateItem with a condition and no UpdateExpression:", unchanged)
sys.exit(0 if max(granted) > 1 and unchanged == 500 else 1)
PYTHON

echo "moto $version"
if python3 "$work/claim.py" "http://127.0.0.1:$port"; then
  echo "as described"
else
  echo "the behaviour has changed" >&2
  exit 1
fi
