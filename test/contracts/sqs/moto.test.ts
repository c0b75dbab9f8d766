import { it } from "@jest/globals";
import { startMoto } from "../start-moto.ts";
import { sqsContract } from "./contract.ts";

const program = process.env["MOTO"];
const how = 'MOTO="$(bash scripts/moto.sh)" runs it (needs Python)';

// moto 5.2.5
const TAKEN = "it is taken";
const NO_TASKS = "it has no StartMessageMoveTask, and answers 500";
const differences = {
  fails: {
    "a message without text": TAKEN,
    "a message of fewer characters than 1 MiB has bytes, which are more bytes": TAKEN,
    "a message with a character that XML cannot say": TAKEN,
    "such a character as InvalidMessageContents": TAKEN,
    "a DelaySeconds of -1": TAKEN,
    "a received message's VisibilityTimeout of -1": TAKEN,
    "a changed VisibilityTimeout of -1": TAKEN,
    "to hide a message that is not hidden any more": TAKEN,
    "is not made with a VisibilityTimeout of -1": TAKEN,
    "is not made with a VisibilityTimeout of 43201": TAKEN,
    "is not made with a VisibilityTimeout of soon": TAKEN,
    "is not made with a MessageRetentionPeriod of 59": TAKEN,
    "is not made with a MessageRetentionPeriod of 1209601": TAKEN,
    "is not made with an attribute that there is not": TAKEN,
    "is not made with a redrive policy that cannot be read": "it answers 500",
    "moves those of the dead-letter queue to the queue that is named": NO_TASKS,
    "sends a message anew: with another id and age, and no receives": NO_TASKS,
    "sends a message back to the queue that it came from, where none is named": NO_TASKS,
    "is told by its handle while it runs, and how many messages it has to move": NO_TASKS,
    "is the only one of its queue that runs": NO_TASKS,
    "leaves the others where they are once it is cancelled": NO_TASKS,
    "is listed after its end, the latest alone or several of them": NO_TASKS,
    "is refused for queues that are not there": NO_TASKS,
    "is refused for a queue that is no other's dead-letter queue": NO_TASKS,
    "is refused for more than 500 messages a second": NO_TASKS,
    "cannot be cancelled once it has ended": NO_TASKS,
  },
};

if (program) sqsContract("moto", () => startMoto(program), differences);
else {
  process.stderr.write(`skipped: the contract of SQS on moto; ${how}\n`);
  it.skip(`the contract of SQS on moto; ${how}`, () => undefined);
}
