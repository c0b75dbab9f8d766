import { FRESH_JOB } from "./case.ts";
import type { FieldName } from "./fields.ts";
import type { Population } from "./population.ts";

/** One way of using a route by parameters alone: what must be there, what may be, and the answer if all of it is right. */
export interface Use {
  readonly name: string;
  readonly required: readonly FieldName[];
  readonly optional: readonly FieldName[];
  /** Without one of these it is another use, and right, too. */
  readonly telling?: readonly FieldName[];
  /** Values that make this use what it is. */
  readonly fixed?: Partial<Readonly<Record<FieldName, string>>>;
  /** The jobs that it may be about. A fresh one where each request needs its own. */
  readonly jobs: (population: Population) => readonly string[];
  /** Fields of the answer. */
  readonly answers: readonly string[];
}

const fresh = () => [FRESH_JOB];
const open = (population: Population) => population.openJobs;
const delivered = (population: Population) => population.deliveredJobs;

const TASK = ["TaskId"];
const SIGNED = ["url", "key", "headers", "expires_at"];
const STATUS = ["JobId", "State", "SentBytes", "Attempts", "UpdatedAt"];

const UPDATE_METADATA: readonly Use[] = [
  {
    name: "set both",
    required: ["v", "job_id", "reference_id", "requestor_id"],
    optional: [],
    jobs: open,
    answers: TASK,
  },
];

const ADD_MEDIA: readonly Use[] = [
  { name: "by URL", required: ["v", "job_id", "media_url"], optional: ["is_duplicate"], jobs: fresh, answers: TASK },
];

const NEW_UPLOAD = ["filename", "content_length", "content_type"] as const;
const PARTS = ["job_id", "method", "key", "upload_id"] as const;

/** Routes behind the authorizer, by their key; POST add_media takes media, too. */
export const USES: Readonly<Record<string, readonly Use[]>> = {
  "GET /api/job/update_metadata": UPDATE_METADATA,
  "POST /api/job/update_metadata": UPDATE_METADATA,
  "GET /api/job/add_media": ADD_MEDIA,
  "POST /api/job/add_media": ADD_MEDIA,
  "GET /api/job/request_upload_url": [
    {
      name: "one PUT",
      required: ["v", "job_id"],
      optional: NEW_UPLOAD,
      jobs: open,
      answers: ["upload_url", "key", "headers", "expires_at"],
    },
  ],
  "POST /api/job/sign_upload": [
    { name: "PUT", required: ["job_id", "method"], optional: ["v", ...NEW_UPLOAD], jobs: open, answers: SIGNED },
    {
      name: "create",
      required: ["job_id", "method"],
      optional: ["v", ...NEW_UPLOAD],
      fixed: { method: "POST" },
      jobs: open,
      answers: SIGNED,
    },
    {
      name: "part",
      required: [...PARTS, "part_number"],
      optional: ["v", "content_length"],
      jobs: open,
      answers: SIGNED,
    },
    {
      name: "list",
      required: PARTS,
      optional: ["v", "part_number"],
      fixed: { method: "get" },
      jobs: open,
      answers: SIGNED,
    },
    {
      name: "complete",
      required: PARTS,
      optional: ["v"],
      telling: ["upload_id"],
      fixed: { method: "POST" },
      jobs: open,
      answers: SIGNED,
    },
    { name: "abort", required: PARTS, optional: ["v"], fixed: { method: "DELETE" }, jobs: open, answers: SIGNED },
  ],
  "GET /api/job/delivery": [
    { name: "ended", required: ["v", "job_id"], optional: ["wait"], jobs: delivered, answers: STATUS },
    {
      name: "open",
      required: ["v", "job_id"],
      optional: ["wait"],
      // Any longer, and the request waits for what will not happen.
      fixed: { wait: "0" },
      jobs: open,
      answers: STATUS,
    },
  ],
  "DELETE /api/job/delivery": [
    { name: "cancel", required: ["v", "job_id"], optional: [], jobs: open, answers: STATUS },
  ],
};
