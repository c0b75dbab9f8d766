import { afterAll, beforeAll, describe, it } from "@jest/globals";
import { bucketContract } from "./contract/buckets.ts";
import { conditionContract } from "./contract/conditions.ts";
import { copyContract } from "./contract/copies.ts";
import { corsContract } from "./contract/cors.ts";
import { formContract } from "./contract/forms.ts";
import { headerSignatureContract } from "./contract/header-signatures.ts";
import { keyContract } from "./contract/keys.ts";
import { listingContract } from "./contract/listings.ts";
import { mediaStoreContract } from "./contract/media-store.ts";
import { multipartContract } from "./contract/multipart.ts";
import { payloadContract } from "./contract/payloads.ts";
import { presignedContract } from "./contract/presigned-urls.ts";
import { rangeContract } from "./contract/ranges.ts";
import { storageClassContract } from "./contract/storage-classes.ts";
import { subresourceContract } from "./contract/subresources.ts";
import { tagContract } from "./contract/tags.ts";
import { versionContract } from "./contract/versions.ts";
import type { S3Server } from "./s3-server.ts";
import { openSession, type S3Session, type Suite } from "./suite.ts";

/**
 * What every implementation of S3 must do, as far as this project and its clients use it. Starts the server once.
 *
 * @param differences tests that this server is known not to pass, by their sentence, with the reason. Each must fail:
 *   one that passes is no difference any more.
 */
export const s3Contract = (
  describeName: string,
  start: () => Promise<S3Server>,
  differences: Readonly<Record<string, string>> = {},
): void => {
  describe(describeName, () => {
    let server: S3Server | undefined;
    let session: S3Session | undefined;
    const unseen = new Set(Object.keys(differences));

    beforeAll(async () => {
      server = await start();
      session = openSession(server);
    });
    afterAll(async () => {
      session?.client.destroy();
      await server?.close();
    });

    const suite: Suite = {
      s3: () => {
        if (!session) throw new Error("The server is not up.");
        return session;
      },
      it: (sentence, test) => {
        const reason = differences[sentence];
        unseen.delete(sentence);
        if (reason === undefined) it(sentence, test);
        else it.failing(`differs: ${sentence} (${reason})`, test);
      },
    };

    presignedContract(suite);
    headerSignatureContract(suite);
    payloadContract(suite);
    rangeContract(suite);
    conditionContract(suite);
    versionContract(suite);
    storageClassContract(suite);
    multipartContract(suite);
    copyContract(suite);
    listingContract(suite);
    keyContract(suite);
    bucketContract(suite);
    corsContract(suite);
    mediaStoreContract(suite);
    formContract(suite);
    tagContract(suite);
    subresourceContract(suite);

    if (unseen.size > 0) throw new Error(`Differences of tests that do not exist: ${[...unseen].join("; ")}`);
  });
};
