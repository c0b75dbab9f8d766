#!/usr/bin/env bash
# versitygw v1.8.0 (posix backend) makes no new version when an object of a versioned bucket is copied to itself with
# `x-amz-metadata-directive: REPLACE`: it changes the metadata of the version that is there, and answers with that
# version's id. Amazon S3 makes a new version and leaves the old one as it was. So what a program kept by version id, to
# be sure of it, has changed under it, and the old metadata is lost.
#
# Seen: PUT and copy answer with the same version id, which is the only one in the listing, and GET of that id says
# `x-amz-meta-owner: second`.
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
s3 '/bucket?versioning=' -X PUT -o /dev/null --data-binary '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
version_id() { grep -i '^x-amz-version-id:' | tr -d '\r' | cut -d' ' -f2; }
put="$(s3 /bucket/film -X PUT --data-binary 'a film' -H 'x-amz-meta-owner: first' -D - -o /dev/null | version_id)"
copy="$(s3 /bucket/film -X PUT -H 'x-amz-copy-source: bucket/film' -H 'x-amz-metadata-directive: REPLACE' \
  -H 'x-amz-meta-owner: second' -D - -o /dev/null | version_id)"
versions="$(s3 '/bucket?versions=' | grep -o '<Version>' | wc -l)"
owner="$(s3 "/bucket/film?versionId=$put" -D - -o /dev/null | grep -i '^x-amz-meta-owner:' | tr -d '\r')"

echo "versitygw $version"
echo "PUT: version $put; copy to itself: version $copy; versions listed: $versions"
echo "GET of the first version: $owner"

[ -n "$put" ] && [ "$put" = "$copy" ] && [ "$versions" -eq 1 ] && grep -qi '^x-amz-meta-owner: second$' <<<"$owner" && {
  echo "as described"
  exit 0
}
echo "the behaviour has changed" >&2
exit 1
