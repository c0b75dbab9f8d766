/** Operations by the sub-resource that the query names ("" for none), and by method. */
type Resource = Readonly<Record<string, Readonly<Record<string, string>>>>;

export const NOT_SIMULATED = "NotImplemented";

export const SERVICE: Resource = { "": { GET: "ListBuckets" } };

export const BUCKET: Resource = {
  "": { GET: "ListObjects", HEAD: "HeadBucket", PUT: "CreateBucket", POST: "PostObject", DELETE: "DeleteBucket" },
  delete: { POST: "DeleteObjects" },
  location: { GET: "GetBucketLocation" },
  uploads: { GET: "ListMultipartUploads" },
  versioning: { GET: "GetBucketVersioning", PUT: "PutBucketVersioning" },
  versions: { GET: "ListObjectVersions" },
};

export const OBJECT: Resource = {
  "": { GET: "GetObject", HEAD: "HeadObject", PUT: "PutObject", DELETE: "DeleteObject" },
  tagging: { GET: "GetObjectTagging", PUT: "PutObjectTagging", DELETE: "DeleteObjectTagging" },
  uploads: { POST: "CreateMultipartUpload" },
  uploadId: { GET: "ListParts", PUT: "UploadPart", POST: "CompleteMultipartUpload", DELETE: "AbortMultipartUpload" },
};

/** What an operation is called if the request names an object to copy. */
export const COPIES: Readonly<Record<string, string>> = { PutObject: "CopyObject", UploadPart: "UploadPartCopy" };

/**
 * The query parameters by which a request is not one of the object or the bucket itself. Those that are not simulated
 * must be known as well: to S3, `PUT key?acl` is no upload, and `GET bucket?policy` no listing.
 *
 * Source: Amazon S3 API Reference, the request syntax of each operation.
 */
export const SUBRESOURCES: ReadonlySet<string> = new Set([
  ...Object.keys(BUCKET),
  ...Object.keys(OBJECT),
  "abac",
  "accelerate",
  "acl",
  "analytics",
  "annotation",
  "attributes",
  "cors",
  "encryption",
  "intelligent-tiering",
  "inventory",
  "legal-hold",
  "lifecycle",
  "logging",
  "metadataAnnotationTable",
  "metadataConfiguration",
  "metadataInventoryTable",
  "metadataJournalTable",
  "metadataTable",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "renameObject",
  "replication",
  "requestPayment",
  "restore",
  "retention",
  "select",
  "session",
  "torrent",
  "website",
]);
