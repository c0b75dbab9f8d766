/** The service's name in serverless.yml. */
export const SERVICE = "cielo24-proxy";
/** S3's limit. No other name that a stage leads to is as close to its own limit. */
const LONGEST_BUCKET_NAME = 63;
const ACCOUNT_DIGITS = 12;

/** How many letters a stage may have in a region: its bucket is named after both, and after the account. */
export const longestStage = (region: string): number =>
  LONGEST_BUCKET_NAME - `${SERVICE}--media-${"0".repeat(ACCOUNT_DIGITS)}-${region}`.length;

/** Cognito takes none of these words, nor a part of one, in a domain: "Domain cannot contain reserved word". */
const RESERVED_BY_COGNITO = /aws|amazon|cognito/;

interface Circumstances {
  /** Absent where it is not known. */
  readonly region?: string | undefined;
  /** The stage has a user pool, whose domain is named after it. */
  readonly hasUserPool: boolean;
}

/** What is wrong with a stage's name, and one that is right. */
export const findStageFaults = (stage: string, { region, hasUserPool }: Circumstances): string[] => {
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(stage))
    return [
      `the stage's name must begin with a lower-case letter, followed by lower-case letters, digits and hyphens, with no ` +
        `hyphen at the end: ${named(stage.toLowerCase(), "did you mean", "?")}`,
    ];
  const faults: string[] = [];
  const [reserved] = RESERVED_BY_COGNITO.exec(stage) ?? [];
  if (hasUserPool && reserved !== undefined)
    faults.push(
      `the stage's name must not contain ${reserved}, since Cognito does not take that for the domain where users sign ` +
        `in: ${named(stage.replaceAll(new RegExp(RESERVED_BY_COGNITO, "g"), "-"))}`,
    );
  if (region !== undefined && stage.length > longestStage(region))
    faults.push(
      `the stage's name must have at most ${longestStage(region)} letters in ${region}, it has ${stage.length}: its ` +
        `bucket ${SERVICE}-${stage}-media-<account>-${region} would have more than ${LONGEST_BUCKET_NAME}: ` +
        named(stage.slice(0, longestStage(region))),
    );
  return faults;
};

/** A name made of the letters, digits and hyphens of a text, after the words that introduce it. */
const named = (text: string, introduction = "for instance", end = ""): string => {
  const name = text.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^[^a-z]+|-+$/g, "");
  return name === "" ? "for instance dev" : `${introduction} ${name}${end}`;
};
