#!/usr/bin/env bash
# moto 5.2.5 carries out a change set of type UPDATE without the outputs of its template: the resources change, and
# DescribeStacks goes on showing the outputs, and ListExports the exports, of the template before. After UpdateStack with the
# same template they are the new ones. On AWS both ways have the same result. Tools that deploy by change sets
# (the AWS command line's `cloudformation deploy`, the CDK, Serverless) so read old outputs after each change.
#
# Seen: after the change set: outputs ["Before"] and both queues; after UpdateStack: outputs ["After"].
#
# Needs Python 3 with venv. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=5.2.5
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "moto[cloudformation]==$version"

cat >"$work/outputs.py" <<'PYTHON'
import json, os, sys

os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_DEFAULT_REGION="us-east-1")
import boto3
from moto import mock_aws


def template(output, *queues):
    resources = {name: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}} for name in queues}
    return json.dumps({"Resources": resources, "Outputs": {output: {"Value": {"Ref": queues[-1]}}}})


with mock_aws():
    stacks, sqs = boto3.client("cloudformation"), boto3.client("sqs")

    def outputs():
        return [each["OutputKey"] for each in stacks.describe_stacks(StackName="s")["Stacks"][0].get("Outputs", [])]

    after = template("After", "first", "second")
    stacks.create_stack(StackName="s", TemplateBody=template("Before", "first"))
    stacks.create_change_set(StackName="s", ChangeSetName="c", ChangeSetType="UPDATE", TemplateBody=after)
    stacks.execute_change_set(StackName="s", ChangeSetName="c")
    changed, queues = outputs(), len(sqs.list_queues()["QueueUrls"])
    stacks.update_stack(StackName="s", TemplateBody=after)
    updated = outputs()

print("after the change set: outputs", changed, "and", queues, "queues")
print("after UpdateStack: outputs", updated)
sys.exit(0 if changed == ["Before"] and queues == 2 and updated == ["After"] else 1)
PYTHON

echo "moto $version"
if "$work/venv/bin/python" "$work/outputs.py"; then
  echo "as described"
else
  echo "the behaviour has changed" >&2
  exit 1
fi
