#!/usr/bin/env bash
# versitygw v1.8.0 (posix backend) takes a sub-resource of an object that it does not know for the object itself. It answers
# 200 to UpdateObjectEncryption (`PUT key?encryption`) and has replaced the object's bytes with the request's XML;
# DeleteObjectAnnotation (`DELETE key?annotation`) deletes the object, and GetObjectTorrent (`GET key?torrent`) gives its
# bytes. Sub-resources of buckets that it does not support are answered with 501 NotImplemented, as they should be.
#
# Seen: PUT key?encryption 200, after which GET key gives the XML; GET key?torrent 200 with the bytes; DELETE
# key?annotation 204, after which GET key is 404; for comparison GET bucket?lifecycle 501.
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
s3 /bucket/film -X PUT --data-binary 'a film' -o /dev/null
torrent="$(s3 '/bucket/film?torrent=')"
encryption='<ObjectEncryption xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><SSE-KMS><KMSKeyArn>arn:aws:kms:us-east-1:111122223333:key/1</KMSKeyArn></SSE-KMS></ObjectEncryption>'
put_status="$(s3 '/bucket/film?encryption=' -X PUT --data-binary "$encryption" -o /dev/null -w '%{http_code}')"
film="$(s3 /bucket/film)"
delete_status="$(s3 '/bucket/film?annotation=&annotationName=scene' -X DELETE -o /dev/null -w '%{http_code}')"
gone_status="$(s3 /bucket/film -o /dev/null -w '%{http_code}')"
lifecycle_status="$(s3 '/bucket?lifecycle=' -o /dev/null -w '%{http_code}')"

echo "versitygw $version"
echo "GET film?torrent: $torrent"
echo "PUT film?encryption: $put_status; then GET film: $film"
echo "DELETE film?annotation: $delete_status; then GET film: $gone_status"
echo "GET bucket?lifecycle: $lifecycle_status"

[ "$torrent" = "a film" ] && [ "$put_status" = 200 ] && [ "$film" = "$encryption" ] && [ "$delete_status" = 204 ] &&
  [ "$gone_status" = 404 ] && [ "$lifecycle_status" = 501 ] && {
  echo "as described"
  exit 0
}
echo "the behaviour has changed" >&2
exit 1
