"""Gives the requests that Schemathesis makes jobs that exist, so that more than refusals is seen."""

import itertools
import os
import re
import threading
import uuid

import schemathesis

with open(os.environ["JOBS_FILE"], encoding="ascii") as file:
    JOBS = iter(file.read().split())
JOB_ID = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# Those that the description allows. Which hosts are public is more than it can say.
MEDIA_URLS = re.compile(r"(?i:https)://[^\s\\/?#\x00-\x1f\x7f-\x9f][^\s\\\x00-\x1f\x7f-\x9f]{0,2039}")
MEDIA_URL = "https://media.example.org/lecture.mp4"
# Of four requests in a row, three get the same job: it takes one medium, and is then refused another.
SAME_JOB = 3
CAPABILITIES = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{32}")
lock = threading.Lock()
count = itertools.count()
current = next(JOBS)


def pick_job():
    global current
    with lock:
        if next(count) % SAME_JOB == 0:
            current = next(JOBS)
        return current


def spelt_as(example, job_id):
    spelt = str(uuid.UUID(job_id)) if "-" in example else job_id
    return spelt.upper() if example.isupper() else spelt


def use_job(parameters):
    job_id = parameters.get("job_id")
    if not isinstance(job_id, str) or not JOB_ID.fullmatch(job_id):
        return
    parameters["job_id"] = spelt_as(job_id, pick_job())


def is_taken_all_the_same(parameters, is_json):
    """Wrong by the description, which promises less than the functions take: an empty value is none, and in JSON a
    number or a boolean is as good as its text, and the other way round."""
    if not isinstance(parameters, dict):
        return False
    values = list(parameters.values())
    if str(parameters.get("is_duplicate")).lower() in ("true", "false"):
        return True
    return "" in values or (is_json and any(isinstance(value, (int, float, type(None))) for value in values))


def leave_out_what_is_no_parameter(case):
    """Names that nobody knows are ignored; objects and arrays are refused, since no parameter is one."""
    if isinstance(case.body, dict) and not (case.meta and case.meta.generation.mode.is_negative):
        case.body = {name: value for name, value in case.body.items() if not isinstance(value, (dict, list))}


@schemathesis.hook
def filter_case(context, case):
    if case.meta is None or not case.meta.generation.mode.is_negative:
        return True
    is_json = case.media_type == "application/json"
    return not (is_taken_all_the_same(case.query, False) or is_taken_all_the_same(case.body, is_json))


@schemathesis.hook
def before_call(context, case, kwargs):
    if CAPABILITIES.fullmatch(str(case.path_parameters.get("capability", ""))) and next(count) % 2:
        case.path_parameters["capability"] = os.environ["CAPABILITY"]
    leave_out_what_is_no_parameter(case)
    for parameters in (case.query, case.body):
        if isinstance(parameters, dict):
            use_job(parameters)
            if MEDIA_URLS.fullmatch(str(parameters.get("media_url", ""))):
                parameters["media_url"] = MEDIA_URL
