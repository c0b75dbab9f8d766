#!/usr/bin/env bash
# Uploads a file for a cielo24 job through cielo24-proxy, and waits until cielo24 has it.
# Usage: upload.sh FILE JOB, with CIELO24_PROXY_URL and CIELO24_PROXY_TOKEN in the environment.
set -euo pipefail
file=$1
job=$2

# The token is read from standard input: others on this machine can see a program's arguments.
api() {
  curl -sS --fail-with-body --retry 5 -G "$CIELO24_PROXY_URL$1" -H @- -d v=1 -d "job_id=$job" "${@:2}" \
    <<<"Authorization: Bearer $CIELO24_PROXY_TOKEN"
}
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

for attempt in 1 2 3 4 5; do
  # Signed anew for each attempt: a URL expires.
  signed=$(api /api/job/request_upload_url --data-urlencode "filename=${file##*/}") || { echo "$signed" >&2 && exit 1; }
  url=$(field upload_url <<<"$signed")
  # A connection that carries next to nothing for a minute is given up.
  curl -sS --fail-with-body --speed-limit 1000 --speed-time 60 -T "$file" -K - <<<"url = \"$url\"" && break
  [ "$attempt" != 5 ] || exit 1
  sleep $((attempt * 2))
done

while :; do
  delivery=$(api /api/job/delivery) || { echo "$delivery" >&2 && exit 1; }
  case $(field State <<<"$delivery") in
    DELIVERED) echo "$delivery" && exit 0 ;;
    REJECTED | NEEDS_REVIEW) echo "$delivery" >&2 && exit 1 ;;
  esac
  sleep 2
done
