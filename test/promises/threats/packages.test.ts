import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

const readJson = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, "utf8"));

describe("the packages", () => {
  it("threat 17: are locked, each with a hash of what it must be", async () => {
    const { lockfileVersion, packages } = (await readJson("package-lock.json")) as {
      lockfileVersion: number;
      packages: Record<string, LockedPackage>;
    };
    expect(lockfileVersion).toBeGreaterThanOrEqual(3);
    const locked = Object.entries(packages).filter(([path]) => path !== "");
    expect(locked.length).toBeGreaterThan(100);
    for (const [path, { integrity, link, resolved }] of locked) {
      expect([path, link]).toEqual([path, undefined]);
      expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-/)]);
      // Whatever is not from a registry is not what a registry has looked at.
      if (resolved !== undefined) expect(resolved).toMatch(/^https:\/\//);
    }
  });

  it("threat 17: are named by exact versions", async () => {
    const { dependencies, devDependencies } = (await readJson("package.json")) as Record<
      string,
      Record<string, string>
    >;
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).toMatch(/^(npm:[^@]+@)?\d+\.\d+\.\d+$/);
  });

  it("threat 17: are installed from the lock, and by nothing else", async () => {
    const ci = await readFile(".ci/run", "utf8");
    expect(ci).toMatch(/^npm ci$/m);
    expect(ci).not.toMatch(/npm (i|install|update)\b/);
  });

  it("threat 17: are audited for known weaknesses by a command of the project", async () => {
    const { scripts } = (await readJson("package.json")) as { scripts: Record<string, string> };
    expect(scripts["check:packages"]).toBe("bash scripts/audit.sh");
  });
});
