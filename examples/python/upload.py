"""Uploads a file for a cielo24 job through cielo24-proxy, and waits until cielo24 has it.

Usage: upload.py FILE JOB, with CIELO24_PROXY_URL and CIELO24_PROXY_TOKEN in the environment.
"""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PART_BYTES = 8 * 1024 * 1024
ATTEMPTS = 8
ENDED = ("DELIVERED", "REJECTED", "NEEDS_REVIEW")


class Refused(Exception):
    """The API or the store says no, and would again."""


def send(request, timeout_s=120):
    """Returns headers and body of a success. Raises Refused, or OSError where trying again may help."""
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            return response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode()
            if error.code == 429 or error.code >= 500:
                raise OSError(f"answered {error.code}") from error
            try:
                said = json.loads(text)
            except ValueError:  # S3 answers in XML
                said = {"message": re.sub(r"<[^>]*>", " ", text)}
            raise Refused(f"{error.code}: {said.get('ErrorComment') or said.get('message')}") from error


def patiently(attempt):
    for number in range(1, ATTEMPTS + 1):
        try:
            return attempt()
        except OSError as error:
            if number == ATTEMPTS:
                raise
            print(f"{error}; trying again", file=sys.stderr)
            time.sleep(min(2**number / 2, 15))


def call(method, path, parameters):
    """One call of the API."""
    url = f"{os.environ['CIELO24_PROXY_URL']}{path}"
    headers = {"Authorization": f"Bearer {os.environ['CIELO24_PROXY_TOKEN']}"}
    if method == "GET":
        request = urllib.request.Request(f"{url}?{urllib.parse.urlencode(parameters)}", headers=headers)
    else:
        headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, json.dumps(parameters).encode(), headers, method=method)
    return json.loads(send(request)[1])


def store(request_to_sign, body=b""):
    """One request to the store, signed just before. Returns headers and body of the answer, and the signed key."""

    def attempt():
        signed = call("POST", "/api/job/sign_upload", request_to_sign)
        # Without a type of its own, urllib would call the body a form.
        headers = {"Content-Type": "application/octet-stream", **signed["headers"]}
        answer = send(urllib.request.Request(signed["url"], body, headers, method=request_to_sign["method"]))
        return (*answer, signed["key"])

    return patiently(attempt)


def upload(path, job_id):
    size = os.path.getsize(path)
    new = {"job_id": job_id, "method": "POST", "filename": os.path.basename(path), "content_length": size}
    _, begun, key = store(new)
    of_upload = {"job_id": job_id, "key": key, "upload_id": re.search("<UploadId>(.*?)</UploadId>", begun)[1]}
    parts = []
    with open(path, "rb") as media:
        while part := media.read(PART_BYTES):
            number = len(parts) + 1
            headers, _, _ = store({**of_upload, "method": "PUT", "part_number": number}, part)
            parts.append(f"<Part><PartNumber>{number}</PartNumber><ETag>{headers['ETag']}</ETag></Part>")
            print(f"uploaded {min(number * PART_BYTES, size)} of {size} bytes", file=sys.stderr)
    whole = f"<CompleteMultipartUpload>{''.join(parts)}</CompleteMultipartUpload>"
    _, completed, _ = store({**of_upload, "method": "POST"}, whole.encode())
    # The store may begin to answer before it knows how it ends: then the error is in a 200.
    if "<CompleteMultipartUploadResult" not in completed:
        raise Refused("The upload was not completed.")


def wait(job_id):
    while True:
        delivery = patiently(lambda: call("GET", "/api/job/delivery", {"v": 1, "job_id": job_id}))
        if delivery["State"] in ENDED:
            return delivery
        print(delivery.get("Waiting", {}).get("ErrorComment", delivery["State"]), file=sys.stderr)
        time.sleep(2)


if __name__ == "__main__":
    file, job = sys.argv[1:]
    try:
        upload(file, job)
        ended = wait(job)
    except (Refused, OSError) as failure:
        sys.exit(f"{file}: {failure}")
    print(json.dumps(ended))
    sys.exit(0 if ended["State"] == "DELIVERED" else 1)
