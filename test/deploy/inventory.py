"""Prints, as JSON, what an account in moto holds: the stacks, the ids of what is there by CloudFormation's types, and
for each HTTP API which function a route calls.

Usage: python inventory.py <moto's address>
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3

session = boto3.Session("AKIDMOTO", "secret", region_name="us-east-1")
aws = lambda service: session.client(service, endpoint_url=sys.argv[1])
clients = {
    name: aws(name)
    for name in (
        *("apigatewayv2", "cloudformation", "cloudwatch", "dynamodb", "events", "iam", "lambda"),
        *("logs", "s3", "sns", "sqs"),
    )
}


def pages(service, operation, items, **arguments):
    client = clients[service]
    if not client.can_paginate(operation):
        return getattr(client, operation)(**arguments).get(items, [])
    return [each for page in client.get_paginator(operation).paginate(**arguments) for each in page.get(items, [])]


def ids(service, operation, items, name, **arguments):
    return [each[name] if name else each for each in pages(service, operation, items, **arguments)]


def of_each_api(operation, name):
    apis = ids("apigatewayv2", "get_apis", "Items", "ApiId")
    return [id for api in apis for id in ids("apigatewayv2", operation, "Items", name, ApiId=api)]


def functions_of_routes(api):
    """The names of functions by the routes that call them."""
    uris = {
        f"integrations/{each['IntegrationId']}": each["IntegrationUri"]
        for each in pages("apigatewayv2", "get_integrations", "Items", ApiId=api)
    }
    return {
        each["RouteKey"]: uris[each["Target"]].split(":function:")[1].split("/")[0]
        for each in pages("apigatewayv2", "get_routes", "Items", ApiId=api)
    }


def rules():
    buses = ids("events", "list_event_buses", "EventBuses", "Name")
    return [name for bus in buses for name in ids("events", "list_rules", "Rules", "Name", EventBusName=bus)]


def stack(name):
    cloudformation = clients["cloudformation"]
    described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    template = cloudformation.get_template(StackName=name)["TemplateBody"]
    return {
        "isProtected": described.get("EnableTerminationProtection", False),
        "outputs": {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])},
        "resources": {
            each["LogicalResourceId"]: each.get("PhysicalResourceId", "")
            for each in pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name)
        },
        "template": json.loads(template) if isinstance(template, str) else template,
    }


def stacks():
    return {name: stack(name) for name in ids("cloudformation", "describe_stacks", "Stacks", "StackName")}


IDS = {
    "AWS::ApiGatewayV2::Api": lambda: ids("apigatewayv2", "get_apis", "Items", "ApiId"),
    "AWS::ApiGatewayV2::Integration": lambda: of_each_api("get_integrations", "IntegrationId"),
    "AWS::ApiGatewayV2::Route": lambda: of_each_api("get_routes", "RouteId"),
    "AWS::CloudWatch::Alarm": lambda: ids("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "AWS::CloudWatch::CompositeAlarm": lambda: ids("cloudwatch", "describe_alarms", "CompositeAlarms", "AlarmName"),
    "AWS::CloudWatch::Dashboard": lambda: ids("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "AWS::DynamoDB::Table": lambda: ids("dynamodb", "list_tables", "TableNames", None),
    "AWS::Events::EventBus": lambda: ids("events", "list_event_buses", "EventBuses", "Name"),
    "AWS::Events::Rule": rules,
    "AWS::IAM::Role": lambda: ids("iam", "list_roles", "Roles", "RoleName"),
    "AWS::Lambda::EventSourceMapping": lambda: ids("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    "AWS::Lambda::Function": lambda: ids("lambda", "list_functions", "Functions", "FunctionName"),
    "AWS::Logs::LogGroup": lambda: ids("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "AWS::Logs::QueryDefinition": lambda: ids(
        "logs", "describe_query_definitions", "queryDefinitions", "queryDefinitionId"
    ),
    "AWS::S3::Bucket": lambda: [each["Name"] for each in clients["s3"].list_buckets()["Buckets"]],
    "AWS::SNS::Subscription": lambda: ids("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    "AWS::SNS::Topic": lambda: ids("sns", "list_topics", "Topics", "TopicArn"),
    "AWS::SQS::Queue": lambda: [
        # CloudFormation's ids of queues are their addresses at AWS.
        f"https://sqs.us-east-1.amazonaws.com/{'/'.join(url.split('/')[-2:])}"
        for url in ids("sqs", "list_queues", "QueueUrls", None)
    ],
}

with ThreadPoolExecutor() as pool:
    there = dict(zip(IDS, pool.map(lambda list_ids: list_ids(), IDS.values())))
routes = {api: functions_of_routes(api) for api in there["AWS::ApiGatewayV2::Api"]}
print(json.dumps({"stacks": stacks(), "ids": there, "routes": routes}))
