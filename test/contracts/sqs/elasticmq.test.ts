import { it } from "@jest/globals";
import { startElasticMq } from "../start-elasticmq.ts";
import { sqsContract } from "./contract.ts";

const directory = process.env["ELASTICMQ"];
const how = 'ELASTICMQ="$(bash scripts/elasticmq.sh)" runs it (needs Java and Maven)';

// ElasticMQ 1.6.16
const TAKEN = "it is taken";
const differences = {
  fails: {
    "can be deleted by the receipt handle of an earlier receive, which may do nothing, and is no error":
      "it is ReceiptHandleIsInvalid",
    "can be deleted twice": "it is ReceiptHandleIsInvalid",
    "a message of fewer characters than 1 MiB has bytes, which are more bytes": TAKEN,
    "such a character as InvalidMessageContents": "it is InvalidAttributeValue",
    "a received message's VisibilityTimeout of -1": TAKEN,
    "a received message's VisibilityTimeout of 43201": TAKEN,
    "a changed VisibilityTimeout of -1": TAKEN,
    "a changed VisibilityTimeout of 43201": TAKEN,
    "to hide a message for longer than what is left of 12 hours since its receive": TAKEN,
    "to hide a message that is not hidden any more": TAKEN,
    "is not made with a VisibilityTimeout of -1": TAKEN,
    "is not made with a VisibilityTimeout of 43201": TAKEN,
    "is not made with a VisibilityTimeout of soon": "it is InvalidParameterValue",
    "is not made with a MessageRetentionPeriod of 59": TAKEN,
    "is not made with a MessageRetentionPeriod of 1209601": TAKEN,
    "is not made with an attribute that there is not": TAKEN,
    "sends a message anew: with another id and age, and no receives": "it keeps its id and its age",
    "leaves the others where they are once it is cancelled": "a cancelled task is not listed",
    "is listed after its end, the latest alone or several of them": "without MaxResults, all are listed",
    "is refused for queues that are not there": "it is QueueDoesNotExist",
    "is refused for more than 500 messages a second": TAKEN,
  },
  notRun: {
    "is refused for a queue that is no other's dead-letter queue": "it answers 503 after 21 seconds",
  },
};

if (directory) sqsContract("ElasticMQ", () => startElasticMq(directory), differences);
else {
  process.stderr.write(`skipped: the contract of SQS on ElasticMQ; ${how}\n`);
  it.skip(`the contract of SQS on ElasticMQ; ${how}`, () => undefined);
}
