#!/usr/bin/env bash
# versitygw v1.8.0 (posix backend) does not know `${filename}` in the key of a browser's form (POST Object): every file
# that is uploaded by such a form becomes the one object whose key has `${filename}` in it, each over the last. Amazon
# S3 puts the uploaded file's name in its place before it checks the policy. AWS's own SDKs make such forms:
# createPresignedPost of `@aws-sdk/s3-presigned-post` has a rule for keys that end in `${filename}`.
#
# Seen: 204 for a.mp4 and for b.mp4; GET uploads/a.mp4 404; GET uploads/${filename} gives the bytes of b.mp4.
#
# Needs Go, Python 3 and curl 7.87 or newer. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=v1.8.0
work="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT

GOBIN="$work/bin" GOPATH="$work/go" CGO_ENABLED=0 go install "github.com/versity/versitygw/cmd/versitygw@$version" >&2

port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
mkdir "$work/objects" "$work/versions" "$work/accounts"
export ROOT_ACCESS_KEY=access ROOT_SECRET_KEY=secretsecret
"$work/bin/versitygw" --port "127.0.0.1:$port" --region us-east-1 --iam-dir "$work/accounts" --quiet \
  posix --versioning-dir "$work/versions" "$work/objects" >"$work/log" 2>&1 &
server=$!

s3() {
  local path="$1"
  shift
  curl -sS -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" --aws-sigv4 "aws:amz:us-east-1:s3" --user "$ROOT_ACCESS_KEY:$ROOT_SECRET_KEY" "http://127.0.0.1:$port$path" "$@"
}
for _ in $(seq 100); do
  s3 / -o /dev/null 2>/dev/null && break
  sleep 0.1
done

s3 /bucket -X PUT -o /dev/null
fields="$(python3 - <<'PYTHON'
import base64, datetime, hashlib, hmac, json, os

now = datetime.datetime.now(datetime.timezone.utc)
date = now.strftime("%Y%m%dT%H%M%SZ")
scope = [date[:8], "us-east-1", "s3", "aws4_request"]
fields = {
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": "/".join([os.environ["ROOT_ACCESS_KEY"], *scope]),
    "x-amz-date": date,
}
policy = {
    "expiration": (now + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "conditions": [{"bucket": "bucket"}, ["starts-with", "$key", "uploads/"], *({name: value} for name, value in fields.items())],
}
fields["policy"] = base64.b64encode(json.dumps(policy).encode()).decode()
key = ("AWS4" + os.environ["ROOT_SECRET_KEY"]).encode()
for part in [*scope, fields["policy"]]:
    key = hmac.new(key, part.encode(), hashlib.sha256).digest()
fields["x-amz-signature"] = key.hex()
print("\n".join(f"-F\n{name}={value}" for name, value in fields.items()))
PYTHON
)"
mapfile -t signed <<<"$fields"
post() {
  curl -sS "http://127.0.0.1:$port/bucket" -F 'key=uploads/${filename}' "${signed[@]}" -F "file=@$work/$1" -o /dev/null -w '%{http_code}'
}
printf 'film a' >"$work/a.mp4"
printf 'film b' >"$work/b.mp4"
a_status="$(post a.mp4)"
b_status="$(post b.mp4)"
named_status="$(s3 /bucket/uploads/a.mp4 -o /dev/null -w '%{http_code}')"
literal="$(s3 '/bucket/uploads/%24%7Bfilename%7D')"

echo "versitygw $version"
echo "POST of a.mp4: $a_status; POST of b.mp4: $b_status"
echo "GET uploads/a.mp4: $named_status"
echo "GET uploads/\${filename}: $literal"

[ "$a_status" = 204 ] && [ "$b_status" = 204 ] && [ "$named_status" = 404 ] && [ "$literal" = "film b" ] && {
  echo "as described"
  exit 0
}
echo "the behaviour has changed" >&2
exit 1
