import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Agent } from "node:http";
import { simulatorOf } from "../../bench/virtual-drop.ts";
import { readDeployment } from "../../dev/gateway/deployment.ts";
import { startStack, type Stack } from "../../dev/stack.ts";
import { addMediaParameters } from "../../functions/add-media/handler.ts";
import { deliveryParameters } from "../../functions/delivery-status/handler.ts";
import { cancelParameters } from "../../functions/sign-upload/cancel-upload.ts";
import { requestUploadUrlParameters, signUploadParameters } from "../../functions/sign-upload/handler.ts";
import { updateMetadataParameters } from "../../functions/update-metadata/handler.ts";
import { broken } from "./broken.ts";
import { CANARY, withFreshJob, type Case } from "./case.ts";
import { complaint } from "./judge.ts";
import { brokenMediaBodies, hugeMediaBodies, mediaBodies } from "./media-bodies.ts";
import { noRoute } from "./no-route.ts";
import { withNoise } from "./noise.ts";
import { OPEN_ROUTES } from "./open-routes.ts";
import { SETTINGS } from "./settings.ts";
import { USES } from "./uses.ts";
import { accepted, drafts } from "./valid.ts";
import { sendRaw } from "../harness/raw-client.ts";
import { populate, type Population } from "./population.ts";

/** A whole delivery takes some ten times as long as a refusal. */
const FEW_RUNS = SETTINGS.numRuns / 20;
const SOME_RUNS = SETTINGS.numRuns / 4;

describe("every route, over a real socket", () => {
  const agent = new Agent({ keepAlive: true });
  let stack: Stack;
  let population: Population;
  beforeAll(async () => {
    stack = await startStack({ fetchMedia: () => Promise.resolve(Buffer.from("media")) });
    population = await populate(stack, 3);
  });
  afterAll(async () => {
    agent.destroy();
    await stack.close();
  });

  const check = async ({ request, expected }: Case): Promise<void> => {
    const sent = withFreshJob(request, () => simulatorOf(stack).addJob());
    expect(complaint(await sendRaw(population.apiUrl, sent, agent), expected, request.method)).toBeUndefined();
  };
  const hold = (cases: fc.Arbitrary<Case>, numRuns = SETTINGS.numRuns) =>
    fc.assert(fc.asyncProperty(withNoise(cases), check), { ...SETTINGS, numRuns: Math.ceil(numRuns) });

  for (const [routeKey, uses] of Object.entries(USES)) {
    it(`${routeKey} takes whatever is right`, async () => {
      await hold(
        drafts(population, routeKey, uses).map(accepted),
        routeKey.includes("add_media") ? FEW_RUNS : SOME_RUNS,
      );
    });

    it(`${routeKey} gives the right refusal of whatever is broken`, async () => {
      await hold(broken(drafts(population, routeKey, uses), population));
    });
  }

  for (const [routeKey, cases] of Object.entries(OPEN_ROUTES)) {
    it(`${routeKey} takes whatever is right`, async () => {
      await hold(cases.valid(population), SOME_RUNS);
    });

    if (cases.broken)
      it(`${routeKey} refuses whatever is not`, async () => {
        await hold(cases.broken?.(population) ?? fc.constant({} as Case));
      });
  }

  it("POST /api/job/add_media takes media as a body, and refuses it where something is wrong with it", async () => {
    await hold(mediaBodies(population), FEW_RUNS);
    await hold(brokenMediaBodies(population), FEW_RUNS);
    for (const each of hugeMediaBodies(population)) await check(each);
  });

  it("answers 404 where there is no route", async () => {
    await hold(noRoute(population));
  });

  it("has written no credentials of a request to the log, and no failure", () => {
    const log = stack.logs.join("\n");
    expect(log).not.toContain(CANARY);
    expect(log).not.toMatch(/"status":5\d\d|UNHANDLED_ERROR|"level":"ERROR"/);
  });
});

describe("the fuzzer", () => {
  it("knows every route that is deployed", async () => {
    const { functions } = await readDeployment();
    const deployed = functions.flatMap(({ routes }) => routes);
    const keys = (isOpen: boolean) =>
      deployed.filter(({ scopes }) => (scopes === undefined) === isOpen).map(({ routeKey }) => routeKey);
    expect(Object.keys(USES).toSorted()).toEqual(keys(false).toSorted());
    expect(Object.keys(OPEN_ROUTES).toSorted()).toEqual(keys(true).toSorted());
  });

  it.each([
    ["update_metadata", updateMetadataParameters],
    ["add_media", addMediaParameters],
    ["request_upload_url", requestUploadUrlParameters],
    ["sign_upload", signUploadParameters],
    ["GET /api/job/delivery", deliveryParameters],
    ["DELETE /api/job/delivery", cancelParameters],
  ])("uses every parameter that the schema of %s names", (action, schema) => {
    const uses = Object.entries(USES).filter(([routeKey]) => routeKey.endsWith(action));
    expect(uses.length).toBeGreaterThan(0);
    for (const [, each] of uses) {
      const used = each.flatMap(({ required, optional, fixed }) => [
        ...required,
        ...optional,
        ...Object.keys(fixed ?? {}),
      ]);
      expect([...new Set(used)].toSorted()).toEqual(Object.keys(schema.entries).toSorted());
    }
  });
});
