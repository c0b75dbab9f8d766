import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

const readJson = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, "utf8"));

/** The project's own packages; npm links to them. */
const readWorkspaces = async (): Promise<readonly string[]> =>
  ((await readJson("package.json")) as { workspaces: string[] }).workspaces;

describe("the packages", () => {
  it("threat 17: are locked, each with a hash of what it must be", async () => {
    const { lockfileVersion, packages } = (await readJson("package-lock.json")) as {
      lockfileVersion: number;
      packages: Record<string, LockedPackage>;
    };
    expect(lockfileVersion).toBeGreaterThanOrEqual(3);
    const workspaces = await readWorkspaces();
    const isOwn = (path: string, { link, resolved = "" }: LockedPackage) =>
      path === "" || workspaces.includes(path) || (link === true && workspaces.includes(resolved));
    const locked = Object.entries(packages).filter(([path, entry]) => !isOwn(path, entry));
    expect(locked.length).toBeGreaterThan(100);
    for (const [path, { integrity, link, resolved }] of locked) {
      expect([path, link]).toEqual([path, undefined]);
      expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-/)]);
      // Whatever is not from a registry is not what a registry has looked at.
      if (resolved !== undefined) expect(resolved).toMatch(/^https:\/\//);
    }
  });

  it("threat 17: are named by exact versions", async () => {
    for (const folder of [".", ...(await readWorkspaces())]) {
      const { dependencies, devDependencies } = (await readJson(`${folder}/package.json`)) as Record<
        string,
        Record<string, string>
      >;
      for (const version of Object.values({ ...dependencies, ...devDependencies }))
        expect(version).toMatch(/^(npm:[^@]+@)?\d+\.\d+\.\d+$/);
    }
  });

  it("threat 17: are installed from the lock, and by nothing else", async () => {
    const ci = await readFile(".ci/run", "utf8");
    expect(ci).toMatch(/^npm ci$/m);
    expect(ci).not.toMatch(/npm (i|install|update)\b/);
  });

  it("threat 17: are audited for known weaknesses by a command of the project", async () => {
    const { scripts } = (await readJson("package.json")) as { scripts: Record<string, string> };
    expect(scripts["check:packages"]).toBe("node scripts/audit.ts");
  });
});
