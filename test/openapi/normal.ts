/**
 * An answer without what differs from run to run: ids, times and signatures have names instead, and of a signed URL are
 * left the object, which request it is for, and what is signed.
 */
export const normal = (value: unknown): unknown => {
  if (typeof value === "string") return normalText(value);
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, normal(each)]));
};

const normalText = (text: string): unknown => {
  if (/^https?:\/\/\S+\?\S*X-Amz-/.test(text)) return normalUrl(new URL(text));
  return text
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uuid>")
    .replaceAll(/\b[0-9a-f]{32}\b/g, "<id>")
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z\b/g, "<time>");
};

/** Differ with every signature. */
const OF_THE_MOMENT = new Set(["X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature", "uploadId"]);
/** The same in all of them; the examples leave their values out. */
const OF_THE_METHOD = new Set(["X-Amz-Algorithm", "X-Amz-Content-Sha256"]);

const normalUrl = ({ pathname, searchParams }: URL) => ({
  // Whether the bucket is in the host or in the path depends on the store.
  object: normalText(pathname.slice(pathname.indexOf("/media/"))),
  query: Object.fromEntries(
    [...searchParams].map(([name, value]) => [
      name,
      OF_THE_MOMENT.has(name) || OF_THE_METHOD.has(name) ? "<…>" : normalText(value),
    ]),
  ),
});
