const LATER = "Try again later.";
const OPERATOR = "Ask the operator, with the request id.";
const NEW_JOB = "Use another job for other media.";
const NEW_TOKEN = "Get a new token from your identity provider and try again.";
const AGAIN = "Try again: a new URL is signed then.";
const FROM_THE_START = "Start the upload again, from the beginning.";
const OTHER_NETWORK =
  "Sign in to the network if it asks for that, or try another one: a proxy or firewall on this one stands in the way.";

/** What a person can do about an error, by its type. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  // From the functions
  MISSING_PARAMETER: "Add what is missing and try again.",
  INVALID_QUERY: "Correct what the message names and try again.",
  INVALID_OPTION: "Correct what the message names and try again.",
  INVALID_URL: "Give a public https URL of the media itself.",
  NOT_AUTHORIZED: "Get a token with the claim that the message names, or ask the operator.",
  ITEM_NOT_FOUND: "Check the job id: cielo24 has to know the job, and the token has to belong to its owner.",
  JOB_HAS_MEDIA: `Nothing more can be sent for it. If the medium is yours, ask for the delivery's status. ${NEW_JOB}`,
  DELIVERY_UNDER_WAY: "Nothing needs to be sent: wait, and ask for the delivery's status.",
  NEEDS_REVIEW: "Don't send it again. Ask the operator, who can see what cielo24 has.",
  JOB_CLOSED: "Use another job: the operator has closed this one.",
  MEDIA_TOO_LARGE: "Make the file smaller (a lower bit rate, or audio alone), or cut it into several jobs.",
  UNHANDLED_ERROR: "Try again; if it stays, report it with the request id.",
  NOT_IMPLEMENTED: "Ask the operator: cielo24 does not offer this to the account.",
  CIELO24_UNINTELLIGIBLE: OPERATOR,
  CIELO24_UNAVAILABLE: LATER,
  PROXY_UNAVAILABLE: LATER,
  // Of a call. As the error of a delivery it is an upload that never arrived, and its comment says what to do.
  TIMED_OUT: LATER,
  CIELO24_ANSWER_UNKNOWN: "Don't send it again: ask for the delivery's status.",
  // From API Gateway
  UNAUTHORIZED: NEW_TOKEN,
  FORBIDDEN: "Get a token that has the scope for this (media.write, media.read, metadata.write).",
  ROUTE_NOT_FOUND: "Check the base URL: it ends before /api.",
  BODY_TOO_LARGE: "Upload the file instead of sending it in a call.",
  TOO_MANY_REQUESTS: "Wait a little and try again.",
  // From the store
  AccessDenied: "Try again: a new URL is signed then. If it stays, ask the operator.",
  SignatureDoesNotMatch: "Try another network: a proxy on this one may change requests. If it stays, ask the operator.",
  ExpiredToken: AGAIN,
  TokenRefreshRequired: AGAIN,
  InvalidToken: AGAIN,
  RequestTimeTooSkewed: OPERATOR,
  InvalidAccessKeyId: OPERATOR,
  NoSuchBucket: OPERATOR,
  NoSuchUpload: "Start the upload again: its parts are gone.",
  EntityTooLarge: "Upload in parts.",
  EntityTooSmall: FROM_THE_START,
  InvalidPart: FROM_THE_START,
  InvalidPartOrder: FROM_THE_START,
  MissingContentLength: OTHER_NETWORK,
  NOT_THE_STORE: OTHER_NETWORK,
  NOT_THE_API: OTHER_NETWORK,
  // From this client
  NETWORK: "Check the connection, and try again.",
  HTTP_PROXY:
    "Check the HTTP proxy's address, name and password, or let NO_PROXY name the host that it does not reach.",
  BAD_HTTP_PROXY: "Give an address such as http://proxy.example.org:8080, or unset the variable.",
  BAD_BASE_URL: "Give the address of the stage, such as https://captions.example.org.",
  UNINTELLIGIBLE: "Check the base URL: what answered there is not this API.",
  NO_TOKEN: NEW_TOKEN,
  EMPTY_MEDIA: "Choose the file that holds the media.",
  NOT_MEDIA: "Choose the media itself.",
  MEDIA_INCOMPLETE: "Export or copy the file again, and upload the whole of it.",
  SOURCE_CHANGED: "Make sure that nothing writes to the file, choose it again, and start the upload again.",
  NO_SENDER: "Give the client a `sendMedia` that can send streams, or give it Blobs or arrays.",
  OTHER_UPLOAD: "Start the upload again, without the state of the other one.",
};

export const nextStep = (errorType: string, isRetryable: boolean): string => {
  const known = NEXT_STEPS[errorType];
  if (errorType.startsWith("KMS.")) return OPERATOR;
  if (known === undefined) return isRetryable ? LATER : "Correct what the message names, or ask the operator.";
  // A 502 has the same type as an outage, but waiting does not help.
  return known === LATER && !isRetryable ? OPERATOR : known;
};
