/** Commands for a person to try, as they are printed. */
export interface Trial {
  readonly title: string;
  readonly commands: readonly string[];
}

/** In front of all others. */
export const readEnv = (file: string): string => `set -a; . ${file}; set +a`;

/**
 * The ways to call the proxy. They take what is in the environment file, and each has a job of its own: a job takes media
 * only once.
 *
 * @param newJob gives the id of a job without media
 * @param file a media file of at most 4 MiB
 */
export const trials = (newJob: () => string, file: string): readonly Trial[] => {
  const get = (path: string, job: string) =>
    `curl -sG "$API${path}" -H "Authorization: Bearer $TOKEN" -d v=1 -d job_id=${job}`;
  const byCurl = newJob();
  const dropped = newJob();
  return [
    {
      title: "upload a file with the command line",
      commands: [`npx cielo24-proxy upload ${file} --job-id ${newJob()}`],
    },
    {
      title: "or with curl: sign, PUT, watch",
      commands: [
        `url=$(${get("/api/job/request_upload_url", byCurl)} -d filename=sample.mp4 | sed 's/.*"upload_url":"\\([^"]*\\)".*/\\1/')`,
        `curl -sT ${file} "$url"`,
        `${get("/api/job/delivery", byCurl)} -d wait=20`,
      ],
    },
    {
      title: "a small body, without an upload",
      commands: [
        `curl -s "$API/api/job/add_media?v=1&job_id=${newJob()}" -H "Authorization: Bearer $TOKEN" -H "Content-Type: video/mp4" --data-binary @${file}`,
      ],
    },
    {
      title: "by URL: cielo24 fetches it",
      commands: [
        `${get("/api/job/add_media", newJob())} --data-urlencode media_url=https://media.example.org/lecture.mp4`,
      ],
    },
    {
      title: "metadata of a job",
      commands: [`${get("/api/job/update_metadata", newJob())} -d reference_id=course-7 -d requestor_id=me`],
    },
    {
      title: "an operator's drop, with the AWS command line, and what becomes of it: an admin sees all jobs",
      commands: [
        `AWS_ACCESS_KEY_ID=$OPERATOR_KEY_ID AWS_SECRET_ACCESS_KEY=$OPERATOR_SECRET_KEY AWS_REGION=us-east-1 aws --endpoint-url $S3 s3 cp ${file} s3://$BUCKET/media/${dropped}/sample.mp4`,
        `CIELO24_PROXY_TOKEN=$ADMIN_TOKEN npx cielo24-proxy status ${dropped} --watch`,
      ],
    },
  ];
};

/** Makes a sample job with a fate. */
export const makeJob = (fate: string): string => `curl -sX POST "$PAGE/local/jobs?fate=${fate}"`;
