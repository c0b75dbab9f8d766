import { createHash, createHmac, createSecretKey } from "node:crypto";

/** SHA-256, or its HMAC if there is a secret, as the AWS SDK's signers take it. */
export class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    // Node takes four times as long for an HMAC if the secret is bytes and no key object.
    const key = typeof secret === "object" ? createSecretKey(secret as Uint8Array) : secret;
    this.#hash = key === undefined ? createHash("sha256") : createHmac("sha256", key);
  }

  update(data: string | NodeJS.ArrayBufferView): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}
