/**
 * What else callers write for a parameter. Names are compared without case and separators, and one slip in a longer
 * name is seen by itself; here is what is no slip.
 */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  v: ["version", "apiversion"],
  job_id: ["job", "jobuuid"],
  media_url: ["url", "uri", "mediauri", "medialink", "link", "src"],
  is_duplicate: ["duplicate", "allowduplicate", "allowduplicates"],
  reference_id: ["reference"],
  requestor_id: ["requestor", "requester"],
  content_length: ["size", "filesize", "sizebytes", "length", "mediasize", "contentsize"],
  content_type: ["filetype", "mimetype", "mediatype"],
  upload_id: ["upload", "multipartuploadid"],
  part_number: ["part", "partno", "partnr", "partnum", "partid"],
  wait: ["waitseconds"],
};
/** Below that, one slip leaves too little to tell what was meant. */
const SHORTEST_FOR_A_SLIP = 4;

/**
 * The parameter that an unknown name was meant to be, so surely that it is refused in place of being ignored: the same
 * but for case and separators (`jobId`, `media-url`), a known synonym, or one letter too many, missing, wrong or in its
 * neighbour's place. All other unknown names are left alone, since clients may send more than this API reads.
 */
export const meantParameter = (name: string, known: readonly string[]): string | undefined => {
  const written = fold(name);
  return (
    known.find((each) => fold(each) === written) ??
    known.find((each) => SYNONYMS[each]?.includes(written)) ??
    known.find((each) => isOneSlipFrom(written, fold(each)))
  );
};

const fold = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

const isOneSlipFrom = (written: string, meant: string): boolean => {
  if (meant.length < SHORTEST_FOR_A_SLIP || Math.abs(written.length - meant.length) > 1) return false;
  const at = firstDifference(written, meant);
  const [rest, itsRest] = [written.slice(at), meant.slice(at)];
  return (
    rest.slice(1) === itsRest.slice(1) ||
    rest.slice(1) === itsRest ||
    rest === itsRest.slice(1) ||
    (rest[0] === itsRest[1] && rest[1] === itsRest[0] && rest.slice(2) === itsRest.slice(2))
  );
};

const firstDifference = (one: string, other: string): number => {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
};
