/** Bad URLs by the trick that they try. */
export type Families = Readonly<Record<string, readonly string[]>>;

/** The places that a deployment must not be led back to. */
export interface Places {
  readonly ownBucket: string;
  readonly ownHosts: readonly string[];
}

/** Each of the hosts, as the URL of a medium. */
export const at = (hosts: readonly string[], path = "/a.mp4"): string[] =>
  hosts.map((host) => `https://${host}${path}`);
