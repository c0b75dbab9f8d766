/** What is not as in AWS when a stage is deployed into moto, and what stands for it. docs/development.md has the same list. */
export const LACKING: readonly { readonly what: string; readonly instead: string }[] = [
  {
    what: "Left out without a word: HTTP APIs, alarms of both kinds, saved queries, subscriptions, policies of queues and topics",
    instead: "`more_cloudformation.py` makes them by the services' own calls",
  },
  {
    what: "The calls for composite alarms and for saved queries",
    instead:
      "`more_cloudformation.py` answers them; what suppresses an alarm is read in the template (`test/template`)",
  },
  {
    what: "Left out of a bucket: versions, public access block, ownership, notifications; of the table: TTL, backups",
    instead: "`more_cloudformation.py` sets them",
  },
  {
    what: "CORS and lifecycle of the bucket; architecture and tracing of functions; who may call a function",
    instead: "read in the template (`test/template`)",
  },
  {
    what: "Policies of buckets: moto ignores their conditions, and would refuse everybody",
    instead: "left out, and read in the template (`test/template`)",
  },
  {
    what: "What a role may do: moto lets everybody do all",
    instead: "read in the template (`test/template`)",
  },
  {
    what: "RetainExceptOnCreate, termination protection, outputs of a change set, the name of an event bus",
    instead: "`more_cloudformation.py` adds them",
  },
  {
    what: "Roll-back of a deployment that fails, and the order in which resources are made",
    instead: "nothing: `test/template` looks for circles only",
  },
  {
    what: "Errors in the template: cfn-lint would take seconds each time",
    instead: "`npm run lint:templates`",
  },
  {
    what: "How many functions the account may run",
    instead: "the deployment says that it could not ask; `test/template/quota.test.ts` has the rest",
  },
  {
    what: "Requests to the HTTP API",
    instead: "the functions get the events of the routes that were made; the local gateway has the rest",
  },
  {
    what: "Lambda, and how it takes messages from the queue",
    instead: "AWS's runtime interface emulator; the test hands it each message",
  },
  {
    what: "SQS as it is spoken by functions",
    instead: "ElasticMQ, with the queues and attributes that were deployed",
  },
  {
    what: "EventBridge to SNS with the texts of the rules' input transformers, and mail",
    instead: "a rule of the test's own, to a queue; the deployed rules are read in the template (`test/template`)",
  },
];
