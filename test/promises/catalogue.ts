/** Something that may go wrong, or that someone may try, and what must happen then. `docs/faults.md` shows the same. */
export interface Promised {
  readonly kind: "fault" | "threat";
  /** Tests name it by kind and number: `fault 6: …`. */
  readonly number: number;
  readonly group: string;
  readonly when: string;
  readonly must: string;
}

type Entry = readonly [when: string, must: string];

/** Numbers run through the groups in this order, so a new fault goes to the end of the last group. */
const FAULTS: Readonly<Record<string, readonly Entry[]>> = {
  "Events of drops": [
    ["an event is repeated, at any later time", "the message is acknowledged; no POST is made"],
    ["the same event fifty times at once", "a single POST; the other workers' messages wait in the queue"],
    [
      "events of one key in the wrong order",
      "the current version is delivered, a stale one is acknowledged as superseded; the sequencer decides nothing",
    ],
    [
      "two objects for one job",
      "the first stays; the other is acknowledged and recorded in row, metrics (one counts its bytes) and log",
    ],
  ],
  "Reading from S3": [
    ["S3 answers a read with SlowDown", "the read is repeated after a random pause, with no POST open meanwhile"],
    [
      "S3 fails or resets within an object, from the first byte to the last",
      "reading continues where it stopped, with the same ETag and in the same POST; otherwise the claim is given back, with the row in SENDING",
    ],
    ["S3 stalls", "the idle limit ends the read, which then counts as a failure within the object (6)"],
  ],
  "Sending to cielo24": [
    [
      "cielo24 resets somewhere in the body",
      "nothing was accepted: the claim is given back, with the row in SENDING and no attempt counted, and a later attempt delivers",
    ],
    [
      "cielo24 resets after the whole body, accepted or not",
      "the outcome is unknown: job/info settles it, no second POST is made blindly",
    ],
    ["a 200 that is cut short, not JSON, or without a TaskId", "unknown, settled by job/info"],
    ["BAD_API_TOKEN", "all waiting calls share one login; one more POST, from a new read of the object"],
    [
      "LOGIN_INVALID",
      "the secret is read once more, then everything stops: an alarm, a note on the row, the message is kept, and logins are not repeated endlessly",
    ],
    [
      "a 400 that is final: job, query, option or parameter",
      "REJECTED, with the reason; after an attempt of unknown outcome no 400 rejects",
    ],
    [
      "a response that is not documented: an unknown ErrorType, a page with any status, a redirect, 401, 403, 404 or 413",
      "to a question, or before the last chunk, the drop waits and continues by itself, with an alarm of its own; after the whole body the outcome is unknown",
    ],
    [
      "429 or 503 with a Retry-After of any form",
      "a lower bound for the proxy's own back-off, up to two hours, with jitter; garbage is ignored, and no attempt is counted",
    ],
    [
      "429, 500, 502, 503 or UNHANDLED_ERROR; 408 or 504",
      "before the last chunk another attempt, not counted; after the whole body, job/info is asked for hours about the former, and if it shows no media, it is sent again, at most five times; the latter, and any response to a URL, are lost responses (9)",
    ],
    ["a 400 before the body is read", "it is read and understood, and reading from S3 stops within a second"],
    ["a 200 before the body is sent", "not a success: unknown"],
    ["cielo24 stops reading", "the idle limit ends the POST; memory stays flat"],
    [
      "cielo24 takes the body and is slow to answer",
      "the worker waits until shortly before the invocation's end; then the outcome is unknown",
    ],
  ],
  "The end of a function": [
    [
      "the invocation's end is near",
      "with less than 120 s left the last chunk is not started: sockets are closed, the row is written, and the object is handed over next time",
    ],
    ["the process is killed, at any await", "the next run continues from what the row says"],
    ["killed between the POST and its record", "the row is FINALIZING: unknown, settled by job/info"],
    ["a worker whose lease has passed to another wakes up", "its write is refused, and it never sends a last chunk"],
  ],
  "Token and credentials": [
    ["the token dies during an upload", "400 at its end, a login, one more POST; not mistaken for a duplicate"],
    ["500 calls need a token at once", "one login per process"],
    ["the secret was rotated", "LOGIN_INVALID has it read again"],
    ["Secrets Manager is down", "cached credentials stay in use; if none are cached, the drop waits"],
  ],
  "Objects, keys and events": [
    [
      "the object was deleted before the run: the version is gone, or a delete marker is current",
      "REJECTED, the job is free: OBJECT_GONE for the former, WITHDRAWN for the latter; once cielo24 may have it, a delete marker changes nothing",
    ],
    [
      "the object is overwritten between event and read, or while it is read",
      "only the pinned version is ever sent: superseded if nothing was sent yet, aborted if the bytes differ",
    ],
    ["the object is empty", "REJECTED without a POST"],
    [
      "an object of one byte, of exactly one chunk, of the limit, of one byte more",
      "delivered, delivered, delivered; REJECTED before it is read",
    ],
    ["the event states another size than the object has", "the object's own size counts"],
    ["a key without a job id, or with a bad one", "quarantined: on record, with an alarm, without a POST"],
    [
      "keys with +, percent-escapes of space, slash and percent, dots, emoji, either normal form, 1,024 bytes, a bad escape",
      "exactly this object reaches cielo24, or the key is quarantined",
    ],
    ["another bucket, a removal, the test event", "acknowledged and counted"],
  ],
  "Messages of the queue": [
    [
      "a message that cannot be parsed, without records, or with several",
      "dead-letter queue if there is nothing to read; otherwise each record once",
    ],
    [
      "a message comes back from the dead-letter queue after 13 days, for the last time, or six days old",
      "the ledger still decides; receives last for longer than six days, and NEEDS_REVIEW is on record before the queue gives up",
    ],
  ],
  "Ledger and clocks": [
    ["DynamoDB throttles or is down before the claim", "no POST; tried again"],
    ["DynamoDB fails at FINALIZING", "the last chunk is not sent"],
    ["DynamoDB makes a write, and its response is lost", "the row is read back and compared by fence and claim"],
    ["DynamoDB fails at DELIVERED", "the row stays in FINALIZING, and job/info settles it"],
    ["clocks are five minutes apart", "the protocol's margins cover it: no second media"],
  ],
  "Networks, rates and races": [
    ["cielo24's name, certificate or port cannot be reached", "nothing was sent: the row says why, tried again"],
    ["at this rate the object will not be sent in time", "given up early, handed over as a URL next time"],
    ["add_media by URL and a drop at the same time", "one row, one winner"],
    ["cielo24 redirects", "an error; no other host sees the token"],
    ["a multipart upload that is never completed", "the bucket's lifecycle removes it"],
  ],
  "Accounts and jobs at cielo24": [
    [
      "an error about the account: ACCOUNT_UNPRIVILEGED, ACCOUNT_DOES_NOT_EXIST, NOT_IMPLEMENTED, NOT_PARENT_ACCOUNT",
      "the account's fault, not the media's: the drop waits with an alarm of its own, and is delivered once the account works",
    ],
    [
      "cielo24 does not know the job: another account's secret, sandbox and production mixed up, or a wrong id",
      "asked again for 24 hours, with an alarm; then REJECTED, ITEM_NOT_FOUND",
    ],
  ],
  "Objects that are no media, or cannot be read": [
    ["the object lies in an archive", "REJECTED at once, OBJECT_ARCHIVED; restored, an operator may send it again"],
    [
      "S3 refuses the access: role, bucket policy or key",
      "the drop waits with S3's own error code on the row and an alarm, and is delivered once access is restored",
    ],
    [
      "a form was uploaded in place of the file: curl -F, FormData",
      "REJECTED by its Content-Type, FORM_ENVELOPE, without a POST; the job takes the next object",
    ],
  ],
  "Hand-over, cost and the census": [
    [
      "cielo24 says INVALID_URL of our own URL",
      "definite only if the row says that no GET of it was redirected: then a new URL, later; otherwise unknown",
    ],
    [
      "bytes are sent in vain, again and again",
      "beyond five times the media's size, pauses grow to six hours, and one event names the job",
    ],
    [
      "during an outage, the census or a second message finds a drop that only waits",
      "nothing is sent before its time, and the census finds and counts nothing",
    ],
  ],
  "Operators and callers": [
    [
      "an operator's decision comes twice, late, or about another object",
      "it counts once, for the object and the state of the row that it names; anything else is acknowledged and logged",
    ],
    ["a form or text is sent to add_media as media", "400 with the right command, nothing is sent, the job stays free"],
    [
      "cielo24 is down or slow while an upload is signed",
      "it is signed all the same, within three seconds; only a definite response from cielo24 refuses it",
    ],
    ["a job id in upper case, or with hyphens", "it is the same job, everywhere"],
  ],
  "Before a job is spent": [
    [
      "a file that is no media by its name: .DS_Store, what a client has not finished, a subtitle, a picture",
      "never sent, and never a conflict; ignored and counted, or marked on the row; where nothing else came, an event says so",
    ],
    [
      "a key is written in several goes: a placeholder, an append, touch, chmod, by events in any order",
      "within its settling time, the latest version is the one that is delivered; those before it are superseded, without an event",
    ],
    [
      "a key is written on and on, or while an object of another key waits",
      "it settles within 15 minutes of the first event, and what came first stays first",
    ],
    [
      "the bytes are certainly no media: text, an archive, a picture, a form",
      "REJECTED, NOT_MEDIA, without a POST; the job takes the next object",
    ],
    [
      "the film is cut off: a client was interrupted, and completed what it had",
      "an operator's drop waits for a whole version, which takes its place at once; otherwise REJECTED, MEDIA_INCOMPLETE",
    ],
    [
      "the object comes again once cielo24 may have it, or an operator wants it sent",
      "it is not looked at again, and no look rejects it",
    ],
    [
      "the object is deleted while it is sent",
      "before the last chunk it is REJECTED, WITHDRAWN, with the sockets destroyed; with a possible acceptance nothing is withdrawn",
    ],
    [
      "another object comes for a job that has its media",
      "the same contents are recorded in silence; others are an event and counted; unknown ones are an event alone",
    ],
    [
      "two workers end a row at the same time",
      "the one that wrote the end announces it; another does so later if that one has not",
    ],
    [
      "the look is in doubt, or fails: an unknown or odd file, a recording without an end, S3 does not answer in time",
      "the object is sent, with what was learned on its row; the look keeps to its budget",
    ],
  ],
  "Over the years": [
    [
      "two releases are at work at once, or a stage is rolled back",
      "each goes on with what the other has begun, once; a row of a newer form is left alone, and waits for the release that knows it",
    ],
    [
      "the table is lost, and only an earlier state of it can be had",
      "it is filled in so that cielo24 is asked about whatever may have been sent since; nothing is sent twice, nothing is lost",
    ],
    [
      "cielo24's credentials are replaced",
      "no call fails while both are valid; otherwise what waits goes on by itself once the secret is right",
    ],
    [
      "a person is to be forgotten, and an event of their media comes again",
      "nothing is sent; media and names are gone, and a salted hash is left of the owner",
    ],
    [
      "events of a bucket that was there before the stage, whatever the keys",
      "just the object of that key and version is delivered",
    ],
  ],
};

const THREATS: Readonly<Record<string, readonly Entry[]>> = {
  "The token": [
    [
      "the token appears in a log, a response, a trace or an error",
      "every output is searched for it, in many encodings",
    ],
    ["the token goes to another host", "one configured https host; redirects are errors"],
  ],
  "What a client sends": [
    [
      "parameters smuggled into an id, or given twice",
      "ids are 32 hex characters, queries are built by a serializer, repetition is a 400",
    ],
    [
      "parameters passed through to cielo24",
      "only known ones are passed on; a client's credentials are refused with 400",
    ],
  ],
  "Who may do what": [
    [
      "another owner's job",
      "the first owner to use it keeps it, and a token may list its jobs; another's job and an absent one are both 404",
    ],
    ["an ID token in place of an access token", "every route asks for a scope, which ID tokens lack"],
    ["a route without an authorizer", "the packaged template is tested for such routes"],
  ],
  "URLs and uploads": [
    [
      "a media_url into a private network, or back to the proxy",
      "https, a public name, no credentials, no IP address in any notation, at most 2,048 characters, not the proxy's own bucket",
    ],
    ["a presigned URL is used again to overwrite", "random keys, versions, and the version is pinned"],
    ["an upload larger than announced", "the length is signed, and the object is measured again"],
    ["interfering with another owner's multipart upload", "the key is bound to the job, and the job to its owner"],
  ],
  "Bucket and queue": [
    ["plain HTTP, public objects, ACLs", "the bucket refuses all three"],
    [
      "forged messages in the queue",
      "only this account's bucket may send; its name is checked again, and the object is looked up",
    ],
  ],
  "Logs and errors": [
    ["lines injected into the log", "one line of JSON per record, from a closed list of fields"],
    ["cielo24's ErrorComment contains a secret", "the token is removed, and the comment is cut to 256 characters"],
  ],
  "Roles and packages": [
    ["roles that may do too much", "one role per function, which may do exactly what the function was seen to do"],
    ["malicious packages", "a lock file with hashes, installed by npm ci, and an audit"],
  ],
};

const flatten = (kind: Promised["kind"], groups: typeof FAULTS): Promised[] =>
  Object.entries(groups)
    .flatMap(([group, entries]) => entries.map(([when, must]) => ({ group, when, must })))
    .map((each, index) => ({ kind, number: index + 1, ...each }));

/** Everything that is promised, in the order of its numbers: faults first. */
export const CATALOGUE: readonly Promised[] = [...flatten("fault", FAULTS), ...flatten("threat", THREATS)];
