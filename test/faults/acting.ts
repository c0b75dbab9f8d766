import type { WriteOptions } from "../../dev/s3/store.ts";
import { httpEvent } from "../harness/http-event.ts";
import type { Act, DropKind } from "./schedule.ts";
import { urlOfSize, type Theatre } from "./theatre.ts";

export interface Drop {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  readonly as: DropKind;
  /** Another version, or a delete marker, lies over it. */
  isCovered: boolean;
}

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

const OPTIONS: Readonly<Record<DropKind, WriteOptions>> = {
  media: {},
  form: { contentType: "multipart/form-data; boundary=x" },
  archived: { storage: { storageClass: "GLACIER" } },
};

interface ActorParts {
  readonly theatre: Theatre;
  readonly jobId: string;
  /** Invokes `add-media`. */
  readonly callApi: (event: unknown) => Promise<unknown>;
  readonly track: (work: Promise<unknown>) => void;
}

export const createActor = ({ theatre, jobId, callApi, track }: ActorParts): Actor => {
  const { stack, cielo24 } = theatre;
  const drops: Drop[] = [];
  const calls: Call[] = [];
  const keyOf = (name: string) => `media/${jobId}/${name}.mp4`;
  const dropsAt = (key: string) => drops.filter((drop) => drop.key === key);

  const sendEvent = ({ key, versionId, sizeBytes }: Drop, delayS: number) => {
    const object = { key, versionId, size: sizeBytes };
    const record = { eventName: "ObjectCreated:Put", s3: { bucket: { name: stack.bucketName }, object } };
    stack.queue.send(JSON.stringify({ Records: [record] }), delayS);
  };

  const drop = (name: string, wantedBytes: number, as: DropKind) => {
    const key = keyOf(name);
    for (const earlier of dropsAt(key)) earlier.isCovered = true;
    // Of its own size, so that the acceptance log tells which one it was.
    const sizeBytes = wantedBytes === 0 ? 0 : wantedBytes + 7 * drops.length;
    const versionId = stack.s3.putVirtualObject(stack.bucketName, key, sizeBytes, drops.length + 1, OPTIONS[as]);
    const made = { key, versionId, sizeBytes, as, isCovered: false };
    drops.push(made);
    sendEvent(made, 0);
  };

  const remove = (name: string) => {
    const covered = dropsAt(keyOf(name));
    for (const each of covered) each.isCovered = true;
    if (covered.length > 0) stack.s3.removeObject(stack.bucketName, keyOf(name));
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
        drop(act.name, act.sizeBytes, act.as);
        return;
      case "call":
        track(call(act.media));
        return;
      case "repeatEvent":
        if (drops[0]) sendEvent(drops[0], act.delayS);
        return;
      case "removeObject":
        remove(act.name);
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
      case "rest":
        // The player of the schedule lets the time pass.
        return;
    }
  };

  return { perform, drops, calls };
};
