#!/usr/bin/env bash
# versitygw v1.8.0 (posix backend) answers 200 to a PUT with `x-amz-storage-class: GLACIER`, keeps the object as
# STANDARD and says nothing of it: HEAD and the listing say STANDARD (which Amazon S3 leaves out of a HEAD), and the object
# reads back at once. Amazon S3 either stores it in that class (HEAD shows GLACIER, GET is refused with
# InvalidObjectState) or refuses a class that it does not know with InvalidStorageClass. A test of what a program makes
# of archived objects passes on versitygw without having tested anything.
#
# Seen: PUT 200; HEAD with x-amz-storage-class: STANDARD; GET 200 with the bytes; listing <StorageClass>STANDARD</StorageClass>;
# even the class NO_SUCH_CLASS is answered with 200.
#
# Needs Go, Python 3 and curl 7.87 or newer. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=v1.8.0
work="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT

GOBIN="$work/bin" GOPATH="$work/go" CGO_ENABLED=0 go install "github.com/versity/versitygw/cmd/versitygw@$version" >&2

port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
mkdir "$work/objects" "$work/accounts"
export ROOT_ACCESS_KEY=access ROOT_SECRET_KEY=secretsecret
"$work/bin/versitygw" --port "127.0.0.1:$port" --region us-east-1 --iam-dir "$work/accounts" --quiet posix "$work/objects" \
  >"$work/log" 2>&1 &
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
put() { s3 "/bucket/$1" -X PUT --data-binary hello -H "x-amz-storage-class: $2" -o /dev/null -w '%{http_code}'; }
put_status="$(put archived GLACIER)"
unknown_status="$(put unknown NO_SUCH_CLASS)"
head="$(s3 /bucket/archived --head)"
get="$(s3 /bucket/archived -w ' %{http_code}')"
listing="$(s3 '/bucket?list-type=2&prefix=archived')"

echo "versitygw $version"
echo "PUT as GLACIER: $put_status; PUT as NO_SUCH_CLASS: $unknown_status"
echo "HEAD: $(grep -i '^x-amz-storage-class' <<<"$head" | tr -d '\r' || true)"
echo "GET: $get"
echo "listing: $(grep -o '<StorageClass>[^<]*</StorageClass>' <<<"$listing" || true)"

[ "$put_status" = 200 ] && [ "$unknown_status" = 200 ] && [ "$get" = "hello 200" ] &&
  grep -qi '^x-amz-storage-class: STANDARD' <<<"$head" && grep -q '<StorageClass>STANDARD</StorageClass>' <<<"$listing" && {
  echo "as described"
  exit 0
}
echo "the behaviour has changed" >&2
exit 1
