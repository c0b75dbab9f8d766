/** The service's name in serverless.yml. */
const SERVICE = "cielo24-proxy";
/** S3's limit. No other name that a stage leads to is as close to its own limit. */
const LONGEST_BUCKET_NAME = 63;
const ACCOUNT_DIGITS = 12;

/** How many letters a stage may have in a region: its bucket is named after both, and after the account. */
export const longestStage = (region: string): number =>
  LONGEST_BUCKET_NAME - `${SERVICE}--media-${"0".repeat(ACCOUNT_DIGITS)}-${region}`.length;

/** What is wrong with a stage's name; the region is `undefined` where it is not known. */
export const findStageFaults = (stage: string, region: string | undefined): string[] => {
  const near = stage
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "");
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(stage))
    return [
      `the stage's name must begin with a lower-case letter, followed by lower-case letters, digits and hyphens, with no ` +
        `hyphen at the end: ${near === "" ? "for instance dev" : `did you mean ${near}?`}`,
    ];
  const longest = region === undefined ? Infinity : longestStage(region);
  if (region === undefined || stage.length <= longest) return [];
  return [
    `the stage's name must have at most ${longest} letters in ${region}, it has ${stage.length}: its bucket ` +
      `${SERVICE}-${stage}-media-<account>-${region} would have more than ${LONGEST_BUCKET_NAME}. For instance ` +
      stage.slice(0, longest).replace(/-+$/, ""),
  ];
};
