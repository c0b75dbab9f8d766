"""moto's server, with what its CloudFormation lacks for this project's stacks.

Without this, moto leaves out half of the resources and does not say so. Each resource is made by the call of its own service,
here in moto, so botocore checks its properties. What is not here is listed in `lacking.ts`.

Usage: python more_cloudformation.py <port> <address of a server that speaks SQS>
Each queue is made on that server, too, and the buckets tell that one of new objects: the functions use it.
"""

import json
import sys
from functools import lru_cache
from uuid import uuid4

import boto3
from botocore.exceptions import ClientError
from moto import server
from moto.cloudformation import parsing, responses
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.common_models import CloudFormationModel
from moto.core.responses import ActionResult
from moto.dynamodb.models.table import Table
from moto.events.models import EventBus
from moto.logs.responses import LogsResponse
from moto.s3 import notifications
from moto.s3.models import FakeBucket
from moto.sqs.models import Queue

PORT = sys.argv[1]
# moto wants to know to which of its services a model belongs.
MODULE = "moto.cloudformation.more"
QUEUE_SERVER = sys.argv[2]


@lru_cache
def aws(service, endpoint=f"http://127.0.0.1:{PORT}"):
    return boto3.Session("AKIDMOTO", "secret", region_name="us-east-1").client(service, endpoint_url=endpoint)


class Resource(CloudFormationModel):
    """A resource that moto's CloudFormation does not know. `make` returns what Ref gives, and attributes."""

    __module__ = MODULE
    make = change = unmake = None

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        resource = cls()
        resource.type = cloudformation_json["Type"]
        resource.properties = cloudformation_json.get("Properties", {})
        resource.physical_resource_id, resource.attributes = cls.make(resource.properties)
        return resource

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        original_resource.properties = cloudformation_json.get("Properties", {})
        (cls.change or cls.make)(original_resource.properties, original_resource.physical_resource_id)
        return original_resource

    def delete(self, account_id, region_name):
        try:
            self.unmake(self.properties, self.physical_resource_id)
        except ClientError:
            # moto deletes in no order. What it belonged to may be gone, and it with that; the test looks.
            pass

    def get_cfn_attribute(self, name):
        return self.attributes[name]

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    def is_created(self):
        return True


def kind(make, change, unmake):
    """`change` may be `make`, where the service's call for both is the same."""
    calls = {"make": staticmethod(make), "change": staticmethod(change), "unmake": staticmethod(unmake)}
    return type("Kind", (Resource,), {"__module__": MODULE, **calls})


def alarm(put, items):
    def make(properties, *_):
        getattr(aws("cloudwatch"), put)(**properties)
        [made] = aws("cloudwatch").describe_alarms(AlarmNames=[properties["AlarmName"]])[items]
        return made["AlarmName"], {"Arn": made["AlarmArn"]}

    return kind(make, make, lambda properties, name: aws("cloudwatch").delete_alarms(AlarmNames=[name]))


def put_query(properties, physical_id=None):
    arguments = {name[0].lower() + name[1:]: value for name, value in properties.items()}
    known = {"queryDefinitionId": physical_id} if physical_id else {}
    return aws("logs").put_query_definition(**arguments, **known)["queryDefinitionId"], {}


def put_queue_policy(properties, *_):
    policy = json.dumps(properties["PolicyDocument"])
    for queue in properties["Queues"]:
        aws("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    return "-".join(properties["Queues"]), {}


def remove_queue_policy(properties, *_):
    for queue in properties["Queues"]:
        aws("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})


def put_topic_policy(properties, *_):
    for topic in properties["Topics"]:
        aws("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(properties["PolicyDocument"])
        )
    return "-".join(properties["Topics"]), {}


def leave_out_bucket_policy(properties, *_):
    """moto knows no conditions: it would refuse every request for "unless it comes by TLS"."""
    return properties["Bucket"], {}


def make_api(properties, *_):
    api = aws("apigatewayv2").create_api(**properties)
    return api["ApiId"], {"ApiEndpoint": api["ApiEndpoint"]}


def part_of_api(part, id_name):
    """A kind of resource that belongs to an API, for which there are create_, update_ and delete_ calls."""
    gateway = lambda verb: getattr(aws("apigatewayv2"), f"{verb}_{part}")

    def change(properties, physical_id):
        # A part has the tags that it was made with.
        changed = {name: value for name, value in properties.items() if name != "Tags"}
        gateway("update")(**{**changed, id_name: physical_id})

    return kind(
        make=lambda properties: (gateway("create")(**properties)[id_name], {}),
        change=change,
        unmake=lambda properties, physical_id: gateway("delete")(ApiId=properties["ApiId"], **{id_name: physical_id}),
    )


KINDS = {
    "AWS::ApiGatewayV2::Api": kind(
        make_api,
        lambda properties, physical_id: aws("apigatewayv2").update_api(ApiId=physical_id, **properties),
        lambda properties, physical_id: aws("apigatewayv2").delete_api(ApiId=physical_id),
    ),
    "AWS::ApiGatewayV2::Authorizer": part_of_api("authorizer", "AuthorizerId"),
    "AWS::ApiGatewayV2::Integration": part_of_api("integration", "IntegrationId"),
    "AWS::ApiGatewayV2::Route": part_of_api("route", "RouteId"),
    "AWS::ApiGatewayV2::Stage": part_of_api("stage", "StageName"),
    "AWS::CloudWatch::Alarm": alarm("put_metric_alarm", "MetricAlarms"),
    "AWS::CloudWatch::CompositeAlarm": alarm("put_composite_alarm", "CompositeAlarms"),
    "AWS::Logs::QueryDefinition": kind(
        put_query,
        put_query,
        lambda properties, physical_id: aws("logs").delete_query_definition(queryDefinitionId=physical_id),
    ),
    "AWS::S3::BucketPolicy": kind(
        leave_out_bucket_policy, leave_out_bucket_policy, lambda properties, bucket: None
    ),
    "AWS::SNS::Subscription": kind(
        lambda properties: (aws("sns").subscribe(**properties)["SubscriptionArn"], {}),
        lambda properties, arn: None,
        lambda properties, arn: aws("sns").unsubscribe(SubscriptionArn=arn),
    ),
    "AWS::SNS::TopicPolicy": kind(put_topic_policy, put_topic_policy, lambda properties, physical_id: None),
    "AWS::SQS::QueuePolicy": kind(put_queue_policy, put_queue_policy, remove_queue_policy),
}
parsing.get_model_map().update(KINDS)


# moto's alarms have a rule, and its metric alarms' call takes one. What suppresses an alarm it forgets.
CloudWatchResponse.put_composite_alarm = CloudWatchResponse.put_metric_alarm

QUERIES = {}


def put_query_definition(response):
    query = dict(json.loads(response.body))
    physical_id = query.setdefault("queryDefinitionId", str(uuid4()))
    QUERIES[physical_id] = query
    return json.dumps({"queryDefinitionId": physical_id})


LogsResponse.put_query_definition = put_query_definition
LogsResponse.describe_query_definitions = lambda response: json.dumps({"queryDefinitions": list(QUERIES.values())})
LogsResponse.delete_query_definition = lambda response: json.dumps(
    {"success": QUERIES.pop(response._get_param("queryDefinitionId"), None) is not None}
)


def after_making(model, settle):
    """Lets moto make a resource, and sets what moto leaves out."""
    make = model.create_from_cloudformation_json.__func__

    def make_whole(cls, resource_name, cloudformation_json, *args, **kwargs):
        resource = make(cls, resource_name, cloudformation_json, *args, **kwargs)
        settle(resource_name, cloudformation_json.get("Properties", {}))
        return resource

    model.create_from_cloudformation_json = classmethod(make_whole)


def settle_bucket(name, properties):
    s3 = aws("s3")
    if versioning := properties.get("VersioningConfiguration"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
    if block := properties.get("PublicAccessBlockConfiguration"):
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    if ownership := properties.get("OwnershipControls"):
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=ownership)
    if notification := properties.get("NotificationConfiguration"):
        queues = [
            {
                "QueueArn": each["Queue"],
                "Events": [each["Event"]],
                "Filter": {"Key": {"FilterRules": each["Filter"]["S3Key"]["Rules"]}},
            }
            for each in notification["QueueConfigurations"]
        ]
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"QueueConfigurations": queues}
        )


def settle_table(name, properties):
    dynamodb = aws("dynamodb")
    if time_to_live := properties.get("TimeToLiveSpecification"):
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=time_to_live)
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)


def settle_queue(name, properties):
    attributes = {
        key: str(properties[key]) for key in ("VisibilityTimeout", "MessageRetentionPeriod") if key in properties
    }
    if redrive := properties.get("RedrivePolicy"):
        attributes["RedrivePolicy"] = json.dumps(redrive)
    aws("sqs", endpoint=QUEUE_SERVER).create_queue(QueueName=name, Attributes=attributes)


after_making(FakeBucket, settle_bucket)
after_making(Queue, settle_queue)
after_making(Table, settle_table)

# Ref of an event bus gives its name. moto gives the text of a Python object.
EventBus.physical_resource_id = property(lambda bus: bus.name)


# moto lints with cfn-lint, for seconds, and refuses for its warnings. npm run lint:templates sees to those.
responses.CloudFormationBackend.validate_template = lambda backend, template: []


def update_termination_protection(response):
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    stack.enable_termination_protection = response._get_bool_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})


responses.CloudFormationResponse.update_termination_protection = update_termination_protection


def delete_stack(backend, name_or_stack_id):
    stack = backend.get_stack(name_or_stack_id)
    if stack.enable_termination_protection:
        raise responses.ValidationError(stack.name, f"{stack.name} cannot be deleted while it is protected")
    # moto knows Retain alone.
    for resource in stack.resource_map._resource_json_map.values():
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
            resource["DeletionPolicy"] = "Retain"
    delete_stack_in_moto(backend, name_or_stack_id)


delete_stack_in_moto = responses.CloudFormationBackend.delete_stack
responses.CloudFormationBackend.delete_stack = delete_stack


def execute_change_set(backend, change_set_name, stack_name=None):
    """moto keeps the outputs and exports from before."""
    execute_change_set_in_moto(backend, change_set_name, stack_name)
    stack = backend.get_stack(stack_name)
    stack._parse_template()
    stack.output_map = stack._create_output_map()
    backend.exports.update({export.name: export for export in stack.exports})


execute_change_set_in_moto = responses.CloudFormationBackend.execute_change_set
responses.CloudFormationBackend.execute_change_set = execute_change_set


def s3_event(event_name, bucket, key, notification_id):
    """S3 names the version of an object in a bucket that has versions."""
    event = s3_event_of_moto(event_name, bucket, key, notification_id)
    event["Records"][0]["s3"]["object"]["versionId"] = key.version_id
    return event


s3_event_of_moto = notifications._get_s3_event
notifications._get_s3_event = s3_event


def tell_queue_server(account_id, event_body, queue_name, region_name):
    sqs = aws("sqs", endpoint=QUEUE_SERVER)
    url = sqs.get_queue_url(QueueName=queue_name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event_body))


notifications._send_sqs_message = tell_queue_server

server.main(["-H", "127.0.0.1", "-p", PORT])
