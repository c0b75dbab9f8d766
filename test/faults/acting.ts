import type { WriteOptions } from "../../dev/s3/store.ts";
import { httpEvent } from "../harness/http-event.ts";
import { sha256 } from "../harness/sha256.ts";
import { leastBytes, makeContents, type Contents } from "./contents.ts";
import type { Act, DropKind, DropName } from "./schedule.ts";
import { urlOfSize, type Theatre } from "./theatre.ts";

export interface Drop {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  readonly as: DropKind;
  readonly contents: Contents;
  /** Lower-case hex. */
  readonly sha256: string;
  /** By its name: it is no media and has no end. */
  readonly beside: "sidecar" | "ignored" | undefined;
  /** Under a signed upload's key. */
  readonly isSigned: boolean;
  /** When it was written (ms since the epoch), as its event says. */
  readonly at: number;
  /** When delete markers were put over its key since. */
  readonly markedAt: readonly number[];
  /** When this version was removed for good. */
  readonly removedAt: number | undefined;
  /** Another version, or a delete marker, lies over it, or it was removed. */
  readonly isCovered: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type OwnDrop = Mutable<Omit<Drop, "markedAt">> & { readonly markedAt: number[] };

export interface Call {
  readonly sizeBytes: number;
  /** The TaskId that the caller was told. */
  taskId?: string;
}

/** Carries out a schedule's acts on a job, and remembers them. */
export interface Actor {
  /** Starts the act; `track` receives the work that goes on after it. */
  readonly perform: (act: Act) => void;
  readonly drops: readonly Drop[];
  readonly calls: readonly Call[];
}

const OPTIONS: Readonly<Partial<Record<DropKind, WriteOptions>>> = {
  form: { contentType: "multipart/form-data; boundary=x" },
  archived: { storage: { storageClass: "GLACIER" } },
};

const BESIDE: Readonly<Partial<Record<DropName, Drop["beside"]>>> = { "film.srt": "sidecar", ".DS_Store": "ignored" };
const UPLOAD_ID = "5".repeat(32);

interface ActorParts {
  readonly theatre: Theatre;
  readonly jobId: string;
  /** Invokes `add-media`. */
  readonly callApi: (event: unknown) => Promise<unknown>;
  readonly track: (work: Promise<unknown>) => void;
}

export const createActor = ({ theatre, jobId, callApi, track }: ActorParts): Actor => {
  const { stack, cielo24 } = theatre;
  const drops: OwnDrop[] = [];
  const calls: Call[] = [];
  /** What lies under each key, the current one last. */
  const layers = new Map<string, (OwnDrop | "marker")[]>();
  const keyOf = (name: DropName) => `media/${jobId}/${name === "signed" ? `${UPLOAD_ID}/a.mp4` : name}`;
  const layersOf = (name: DropName) => layers.get(keyOf(name)) ?? [];
  const cover = (name: DropName, all: (OwnDrop | "marker")[]) => {
    layers.set(keyOf(name), all);
    for (const each of all) if (each !== "marker") each.isCovered = each !== all.at(-1);
  };

  const sendEvent = ({ key, versionId, sizeBytes, as, at }: Drop, delayS: number) => {
    const object = { key, versionId, size: sizeBytes };
    const record = {
      eventName: as === "copy" ? "ObjectCreated:Copy" : "ObjectCreated:Put",
      eventTime: new Date(at).toISOString(),
      s3: { bucket: { name: stack.bucketName }, object },
    };
    stack.queue.send(JSON.stringify({ Records: [record] }), delayS);
  };

  const makeBytes = (wantedBytes: number, as: DropKind): { contents: Contents; bytes: Buffer } => {
    const [first] = drops;
    if (as === "copy" && first) return { contents: first.contents, bytes: bytesOf.get(first) ?? Buffer.alloc(0) };
    const contents = as === "form" ? "envelope" : as === "archived" || as === "copy" ? "opaque" : as;
    // Of its own size, so that the acceptance log tells which one it was.
    const sizeBytes = wantedBytes === 0 ? 0 : Math.max(wantedBytes, leastBytes(contents)) + 7 * drops.length;
    const bytes = sizeBytes === 0 ? Buffer.alloc(0) : makeContents(contents, sizeBytes, drops.length + 1);
    return { contents, bytes };
  };
  const bytesOf = new Map<OwnDrop, Buffer>();

  const drop = ({ name, sizeBytes: wantedBytes, as, lateS }: Extract<Act, { do: "drop" }>) => {
    const key = keyOf(name);
    const { contents, bytes } = makeBytes(wantedBytes, as);
    const made: OwnDrop = {
      key,
      versionId: stack.s3.putObject(stack.bucketName, key, bytes, OPTIONS[as]),
      sizeBytes: bytes.length,
      as,
      contents,
      sha256: sha256(bytes),
      beside: BESIDE[name],
      isSigned: name === "signed",
      at: Date.now(),
      markedAt: [],
      removedAt: undefined,
      isCovered: false,
    };
    bytesOf.set(made, bytes);
    drops.push(made);
    cover(name, [...layersOf(name), made]);
    sendEvent(made, lateS);
  };

  const removeObject = (name: DropName) => {
    const covered = layersOf(name);
    if (covered.length === 0) return;
    for (const each of covered) if (each !== "marker") each.markedAt.push(Date.now());
    cover(name, [...covered, "marker"]);
    stack.s3.removeObject(stack.bucketName, keyOf(name));
  };

  const removeVersion = (name: DropName) => {
    const all = layersOf(name);
    const current = all.at(-1);
    if (current === undefined || current === "marker") return;
    current.removedAt = Date.now();
    current.isCovered = true;
    cover(name, all.slice(0, -1));
    stack.s3.removeObject(stack.bucketName, current.key, current.versionId);
  };

  const call = async (media: "url" | "body") => {
    const made: Call = { sizeBytes: 500 + calls.length };
    calls.push(made);
    const query = `v=1&job_id=${jobId}`;
    const url = `&media_url=${encodeURIComponent(urlOfSize(made.sizeBytes))}`;
    const answer = await callApi(
      httpEvent(
        media === "url"
          ? { routeKey: "GET /api/job/add_media", query: query + url }
          : { routeKey: "POST /api/job/add_media", query, body: Buffer.alloc(made.sizeBytes) },
      ),
    );
    const { statusCode, body } = answer as { statusCode: number; body: string };
    if (statusCode === 200) made.taskId = (JSON.parse(body) as { TaskId: string }).TaskId;
  };

  const perform = (act: Act): void => {
    switch (act.do) {
      case "drop":
        drop(act);
        return;
      case "call":
        track(call(act.media));
        return;
      case "repeatEvent":
        if (drops[0]) sendEvent(drops[0], act.delayS);
        return;
      case "removeObject":
        removeObject(act.name);
        return;
      case "removeVersion":
        removeVersion(act.name);
        return;
      case "expireTokens":
        cielo24.expireTokens();
        return;
      case "rotateSecret":
        theatre.rotateSecret();
        return;
      case "takeCensus":
        track(stack.runCensus());
        return;
      case "wait":
      case "rest":
        // The player of the schedule lets the time pass.
        return;
    }
  };

  return { perform, drops, calls };
};
