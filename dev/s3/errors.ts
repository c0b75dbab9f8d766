/** An error that S3 reports as XML. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly code: string;
  readonly status: number;
  /** More elements of the XML. */
  readonly details: Readonly<Record<string, string>>;

  constructor(code: keyof typeof STATUS, message?: string, details: Readonly<Record<string, string>> = {}) {
    super(message ?? MESSAGE[code] ?? code);
    this.code = code;
    this.status = STATUS[code];
    this.details = details;
  }
}

const STATUS = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BadRequest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidChunkSizeError: 400,
  InvalidDigest: 400,
  InvalidObjectState: 403,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidPolicyDocument: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidStorageClass: 400,
  InvalidTag: 400,
  InvalidURI: 400,
  "KMS.DisabledException": 400,
  KeyTooLongError: 400,
  MalformedPOSTRequest: 400,
  MalformedXML: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NotImplemented: 501,
  NotModified: 304,
  ObjectNotInActiveTierError: 403,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
} as const;

const MESSAGE: Partial<Record<keyof typeof STATUS, string>> = {
  AccessDenied: "Access Denied",
  BadDigest: "The Content-MD5 or checksum you specified did not match what we received.",
  BucketNotEmpty: "The bucket you tried to delete is not empty",
  EntityTooLarge: "Your proposed upload exceeds the maximum allowed size",
  EntityTooSmall: "Your proposed upload is smaller than the minimum allowed size",
  IncompleteBody: "You did not provide the number of bytes specified by the Content-Length HTTP header",
  InvalidAccessKeyId: "The AWS Access Key Id you provided does not exist in our records.",
  InvalidChunkSizeError: "Only the last chunk is allowed to have a size less than 8192 bytes",
  InvalidDigest: "The Content-MD5 or checksum value that you specified was invalid.",
  InvalidObjectState: "The operation is not valid for the object's storage class",
  InvalidPart: "One or more of the specified parts could not be found.",
  InvalidPartOrder: "The list of parts was not in ascending order.",
  InvalidRange: "The requested range is not satisfiable",
  InvalidStorageClass: "The storage class you specified is not valid",
  "KMS.DisabledException": "The request was rejected because the specified KMS key is not enabled.",
  MalformedPOSTRequest: "The body of your POST request is not well-formed multipart/form-data.",
  MalformedXML: "The XML you provided was not well-formed or did not validate.",
  NoSuchBucket: "The specified bucket does not exist",
  NoSuchKey: "The specified key does not exist.",
  NoSuchUpload: "The specified upload does not exist.",
  NoSuchVersion: "The specified version does not exist.",
  ObjectNotInActiveTierError: "The source object of the COPY action is not in the active tier",
  NotImplemented: "A header you provided implies functionality that is not implemented",
  PreconditionFailed: "At least one of the pre-conditions you specified did not hold",
  RequestTimeTooSkewed: "The difference between the request time and the current time is too large.",
  SignatureDoesNotMatch: "The request signature we calculated does not match the signature you provided.",
  SlowDown: "Please reduce your request rate.",
};
