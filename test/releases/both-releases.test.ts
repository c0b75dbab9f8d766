import { beforeAll, beforeEach, expect, it } from "@jest/globals";
import type { Build } from "../../dev/stack/lambda.ts";
import { build as buildPresent } from "../../functions/deliver-media/handler.ts";
import { useDrops } from "../harness/drops.ts";
import { describeWithLastRelease, LAST_RELEASE, loadFromLastRelease } from "./last-release.ts";

/** This release and the last one at work on the same jobs of one stack: while a stage is upgraded, or rolled back. */

type Release = "last" | "present";
const POST = "POST job/add_media";

describeWithLastRelease()(`deliver-media of ${LAST_RELEASE.version} and of this release`, () => {
  let buildLast: Build;
  /** Which release gets the next message. */
  let running: Release = "present";
  beforeAll(async () => {
    buildLast = await loadFromLastRelease("deliver-media");
  });
  const local = useDrops({
    functions: {
      "deliver-media": (runtime) => {
        const handlers = { last: buildLast(runtime), present: buildPresent(runtime) as ReturnType<Build> };
        return (event, context) => handlers[running](event, context);
      },
    },
  });
  beforeEach(() => {
    running = "present";
  });

  const ways: [Release, Release][] = [
    ["last", "present"],
    ["present", "last"],
  ];
  it.each(ways)("what the %s one sent, and lost the answer of, the %s one settles", async (first, second) => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: true });
    running = first;
    await local.drop(job);
    await local.stack.drain();
    running = second;
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", everUnknown: true });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });
});
