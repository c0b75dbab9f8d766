/** The source with one rule left out. `test/model/mutants.ts` has those of the delivery machine. */
export interface Mutant {
  /** What goes wrong. */
  readonly name: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly source: string;
  readonly becomes: string;
  /** `test` is part of the full names of the tests of which one must fail. */
  readonly caughtBy: { readonly file: string; readonly test: string };
}

/** @throws if the source is no longer what the mutant changes */
export const mutate = (text: string, { name, file, source, becomes }: Mutant): string => {
  if (text.split(source).length !== 2)
    throw new Error(`"${name}": ${file} has to contain this once, so the mutant must follow the source:\n${source}`);
  return text.replace(source, () => becomes);
};

const DELIVER = "test/lib/delivery/deliver.test.ts";
const EARLY = "test/lib/cielo24/transport/early-connection.test.ts";
const TRANSFER = "test/lib/cielo24/transport/transfer.test.ts";
const SLOW = "test/lib/cielo24/transport/slow.test.ts";

/** What is begun before it is wanted. */
const AHEAD: readonly Mutant[] = [
  {
    name: "the POST begins before job/info is answered",
    file: "lib/delivery/deliver.ts",
    source: "const asked = await ((wasAhead ? ahead?.asked : undefined) ?? askInfo()).finally(() => looking);",
    becomes: 'const asked = { type: "info", askedAt: runtime.clock(), hasMedia: false } as Outcome;',
    caughtBy: { file: DELIVER, test: "sends the POST once job/info is answered" },
  },
  {
    name: "job/info is asked again during the POST",
    file: "lib/delivery/deliver.ts",
    source: "const body = bodyOf(row);",
    becomes: "const body = bodyOf(row); void askInfo();",
    caughtBy: { file: DELIVER, test: "sends the POST once job/info is answered, and asks no more" },
  },
  {
    name: "a repeat of job/info with a new token is not waited for",
    file: "lib/cielo24/client.ts",
    source: "return attempt(await session.token(deadline));",
    becomes: "void session.token(deadline).then(attempt); return { JobId: query.job_id } as InferOutput<S>;",
    caughtBy: { file: DELIVER, test: "sends the POST once job/info is answered by a second token" },
  },
  {
    name: "job/info asked ahead is not waited for before the run returns",
    file: "lib/delivery/deliver.ts",
    source: "ahead?.inspected, ahead?.asked]",
    becomes: "ahead?.inspected]",
    caughtBy: { file: DELIVER, test: "returns after what was asked" },
  },
  {
    name: "the measuring begun ahead is not waited for before the run returns",
    file: "lib/delivery/deliver.ts",
    source: "ahead?.inspected, ahead?.asked]",
    becomes: "ahead?.asked]",
    caughtBy: { file: DELIVER, test: "returns after the measuring" },
  },
  {
    name: "a GET that was opened for a claim is not ended where the claim fails",
    file: "lib/delivery/deliver.ts",
    source: "opened?.close(), ",
    becomes: "",
    caughtBy: { file: DELIVER, test: "returns after the end of what was opened" },
  },
  {
    name: "a GET that was opened for a claim is ended, but not waited for",
    file: "lib/media/body.ts",
    source: "await bytes.return?.();",
    becomes: "void bytes.return?.();",
    caughtBy: { file: DELIVER, test: "returns after the end of what was opened" },
  },
  {
    name: "a GET that was opened for a claim is read by a second POST",
    file: "lib/delivery/deliver.ts",
    source: " && !opened.isTaken()",
    becomes: "",
    caughtBy: { file: DELIVER, test: "reads the object anew" },
  },
  {
    name: "the early connection stays open where a delivery ends without a POST",
    file: "lib/delivery/deliver.ts",
    source: "connection?.close(), ",
    becomes: "",
    caughtBy: { file: DELIVER, test: "returns after the end of what was opened" },
  },
  {
    name: "the early connection stays open with a transfer that is given up",
    file: "lib/cielo24/transport/transfer.ts",
    source: "await parts.early?.close();",
    becomes: "",
    caughtBy: { file: EARLY, test: "is closed with a transfer that is given up" },
  },
  {
    name: "the POST begins before the claim is written",
    file: "lib/delivery/deliver.ts",
    source: "if (command.opens) open(command.opens);",
    becomes: `if (command.opens && !opened) {
          open(command.opens);
          const limits = { deadline: callDeadline, idleTimeoutMs: run.idleTimeoutMs };
          transfer = (connection ?? cielo24).openTransfer({ jobId, body: opened! }, limits);
          void transfer.sendAllButLast();
        }`,
    caughtBy: { file: DELIVER, test: "before the claim is on record" },
  },
  {
    name: "a byte goes over the early connection before the claim is written",
    file: "lib/cielo24/transport/own-connection.ts",
    source: "  connection.open();\n",
    becomes: '  (connection.open() as unknown as net.Socket).write("P");\n',
    caughtBy: { file: DELIVER, test: "before the claim is on record" },
  },
  {
    name: "the early connection serves a second POST",
    file: "lib/cielo24/transport/own-connection.ts",
    source: "if (isTaken) return undefined;",
    becomes: "",
    caughtBy: { file: EARLY, test: "serves no second transfer" },
  },
  {
    name: "whatever became of the early connection, it is used",
    file: "lib/cielo24/transport/own-connection.ts",
    source: "if (connection.isFresh()) return connection;",
    becomes: "return connection;",
    caughtBy: { file: EARLY, test: "is given up where" },
  },
  {
    name: "bytes that arrived on the early connection are ignored",
    file: "lib/cielo24/transport/own-connection.ts",
    source: "isFresh: () => !hasEnded && socket?.readableLength === 0,",
    becomes: "isFresh: () => !hasEnded,",
    caughtBy: { file: EARLY, test: "is given up where" },
  },
];

const TRANSFERS: readonly Mutant[] = [
  {
    name: "a read buffer is filled again before its bytes are written",
    file: "lib/media/reading/read-buffers.ts",
    source: "waitingBytes -= taken.end - taken.start;",
    becomes: "waitingBytes -= taken.end - taken.start; free(taken);",
    caughtBy: { file: "test/lib/media/reading/read-buffers.test.ts", test: "write to nothing that is held" },
  },
  {
    name: "a read buffer is handed back before its bytes are written",
    file: "lib/cielo24/transport/transfer.ts",
    source: "if (forNow > 0) await post.write(",
    becomes: "if (forNow > 0) void post.write(",
    caughtBy: { file: TRANSFER, test: "fault 32: sends an odd size whole" },
  },
  {
    name: "the last chunk is not held back",
    file: "lib/cielo24/transport/transfer.ts",
    source: "const heldBytes = Math.min(HELD_BYTES, body.sizeBytes);",
    becomes: "const heldBytes = 0;",
    caughtBy: { file: TRANSFER, test: "fault 8: accepts nothing when it is aborted before the last chunk" },
  },
  {
    name: "a response from before the last chunk is a success",
    file: "lib/cielo24/transport/transfer.ts",
    source: 'return "taskId" in early ? { error: new Cielo24Error("UNINTELLIGIBLE") } : asUnsent(early);',
    becomes: "return asUnsent(early);",
    caughtBy: { file: SLOW, test: "fault 18: does not send the last chunk once an answer has begun" },
  },
  {
    name: "a response that began before the last chunk refers to the whole body",
    file: "lib/cielo24/transport/held-post.ts",
    source: "endWith(isLastSent && hasBegunEarly ? asEarly(read) : read);",
    becomes: "endWith(read);",
    caughtBy: {
      file: "test/lib/cielo24/transport/unsent.test.ts",
      test: "where the error began before the last chunk",
    },
  },
  {
    name: "one connection serves every POST",
    file: "lib/cielo24/transport/transfer.ts",
    source: "?? createOwnConnection(parts.baseUrl);",
    becomes: "?? ((session as unknown as { pooled?: OwnConnection }).pooled ??= createOwnConnection(parts.baseUrl));",
    caughtBy: { file: EARLY, test: "serves no other transfer" },
  },
  {
    name: "an add_media by URL goes over a pooled connection",
    file: "lib/cielo24/client.ts",
    source: "isRepeatable: false, clean",
    becomes: "isRepeatable: true, clean",
    caughtBy: { file: SLOW, test: "is never an add_media by URL" },
  },
];

const AWS: readonly Mutant[] = [
  {
    name: "DynamoDB's refusal of a condition is taken for a write",
    file: "lib/delivery/aws/dynamodb.ts",
    source: 'if (outcome === "conditionFailed") return undefined;',
    becomes:
      'if (outcome === "conditionFailed") return { item: undefined, items: [], lastKey: undefined, unreadKeys: [] };',
    caughtBy: { file: "test/lib/delivery/aws/dynamodb.test.ts", test: "says of a failed condition" },
  },
  {
    name: "the ledger takes a refused write for one that happened",
    file: "lib/delivery/aws/table.ts",
    source: 'return (await call("UpdateItem", { Key: { job_id: jobId }, ...expressions })) ? "written" : "refused";',
    becomes: 'await call("UpdateItem", { Key: { job_id: jobId }, ...expressions }); return "written";',
    caughtBy: { file: "test/contracts/ledger/dynalite.test.ts", test: "gives a job to one of 50 workers" },
  },
  {
    name: "a row whose end was announced stays in the index of open rows",
    file: "lib/delivery/machine/open.ts",
    source: 'if (announced) return "closed";',
    becomes: 'if (announced) return "kept";',
    caughtBy: { file: "test/contracts/ledger/dynalite.test.ts", test: "markAnnounced of DELIVERED" },
  },
  {
    name: "the stated size of an upload is not signed",
    file: "lib/media/presigner.ts",
    source: 'contentLength === undefined ? {} : { "content-length": String(contentLength) }',
    becomes: "{}",
    caughtBy: { file: "test/lib/media/upload-signing.test.ts", test: "has a signed header besides the host" },
  },
  {
    name: "a signed URL lives longer than it says",
    file: "lib/media/presigner.ts",
    source: "expiresIn: lifetimeS,",
    becomes: "expiresIn: 2 * lifetimeS,",
    caughtBy: {
      file: "test/lib/media/upload-signing.test.ts",
      test: "signs this key in this bucket, for its lifetime",
    },
  },
  {
    name: "a message's handler returns before its visibility is set",
    file: "functions/deliver-media/worker.ts",
    source: "await working.finally(() => hidden);",
    becomes: "await working;",
    caughtBy: { file: "test/functions/deliver-media/messages.test.ts", test: "held until that is" },
  },
];

const CANCEL = "test/functions/sign-upload/cancel-upload.test.ts";

/** What an owner cancels. */
const CANCELS: readonly Mutant[] = [
  {
    name: "media that cielo24 may have can be cancelled",
    file: "lib/delivery/machine/uploading.ts",
    source: '(row.state === "SENDING" && !row.everUnknown)',
    becomes: 'row.state === "SENDING"',
    caughtBy: { file: CANCEL, test: "sent again after a lost response" },
  },
  {
    name: "what arrives for a cancelled upload is sent",
    file: "lib/delivery/machine/without-claim.ts",
    source: "if (isCancelled(memory, media)) return refuseCancelled(memory, input, media);",
    becomes: "",
    caughtBy: { file: CANCEL, test: "records what arrives afterwards, and does not send it" },
  },
  {
    name: "what was cancelled is sent once another upload is signed",
    file: "lib/delivery/machine/without-claim.ts",
    source: "if (!row.signedAfter) return true;",
    becomes: "return !row.signedAfter;",
    caughtBy: { file: CANCEL, test: "never sends the wrong file" },
  },
];

const OPERATOR = "test/functions/deliver-media/operator.test.ts";
const OWNERSHIP = "test/lib/http/ownership.test.ts";

/** What an operator decides, and what is left of a job that was forgotten. */
const OPERATORS: readonly Mutant[] = [
  {
    name: "an operator's decision is carried out about another state of the row",
    file: "lib/delivery/machine/without-claim.ts",
    source: 'if (fence !== decision.fence || (closed && decision.what !== "delivered"))',
    becomes: 'if (closed && decision.what !== "delivered")',
    caughtBy: { file: OPERATOR, test: "about an earlier fence" },
  },
  {
    name: "what was closed for good can be sent again",
    file: "lib/delivery/machine/without-claim.ts",
    source: 'if (fence !== decision.fence || (closed && decision.what !== "delivered"))',
    becomes: "if (fence !== decision.fence)",
    caughtBy: { file: OPERATOR, test: "closes the job for good" },
  },
  {
    name: "an operator's word about media is not on record",
    file: "lib/delivery/machine/without-claim.ts",
    source: "transition.recordDeliveredAsSeen(row, { now: input.now, ...word })",
    becomes: "transition.recordDeliveredAsSeen(row, { now: input.now })",
    caughtBy: { file: OPERATOR, test: "on record with who and why" },
  },
  {
    name: "whoever knows the hash of a forgotten owner is let in",
    file: "lib/delivery/owner.ts",
    source: "(isHashed(recorded) ? hashOwner(jobId, owner) : owner) === recorded;",
    becomes: "(owner === recorded || hashOwner(jobId, owner) === recorded);",
    caughtBy: { file: OWNERSHIP, test: "nor whoever sends the hash" },
  },
];

/** All mutants that `npm run test:mutants` makes, each of which its named test must notice. */
export const MUTANTS: readonly Mutant[] = [...AHEAD, ...TRANSFERS, ...AWS, ...CANCELS, ...OPERATORS];
