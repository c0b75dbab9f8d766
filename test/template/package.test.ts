import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { buildFunctions } from "../../scripts/package/build.ts";
import { readOptions } from "../../scripts/package/options.ts";
import { zipOf } from "../../scripts/package/zip.ts";
import { unzip } from "../harness/unzip.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "package-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const writeFunctions = async (name: string, functions: Readonly<Record<string, string | undefined>>) => {
  const functionsDir = join(folder, name);
  for (const [each, source] of Object.entries(functions)) {
    await mkdir(join(functionsDir, each), { recursive: true });
    await writeFile(join(functionsDir, each, "function.yml"), "function: {}\n");
    if (source !== undefined) await writeFile(join(functionsDir, each, "handler.ts"), source);
  }
  return functionsDir;
};

describe("building the functions", () => {
  it("makes byte-identical zips of the same sources, whatever the time zone", async () => {
    const zone = process.env["TZ"];
    const zips: Buffer[][] = [];
    try {
      for (const [run, each] of ["Pacific/Kiritimati", "America/Adak"].entries()) {
        process.env["TZ"] = each;
        const outDir = join(folder, `build-${run}`);
        const built = await buildFunctions("functions", outDir);
        zips.push(await Promise.all(built.map(({ name }) => readFile(join(outDir, `${name}.zip`)))));
      }
    } finally {
      if (zone === undefined) Reflect.deleteProperty(process.env, "TZ");
      else process.env["TZ"] = zone;
    }
    const [first = [], second = []] = zips;
    expect(first).toHaveLength(8);
    first.forEach((zip, index) => {
      expect(zip.equals(second[index] ?? Buffer.alloc(0))).toBe(true);
    });
  });

  it("makes the same zips of a copy in another folder, in another process", async () => {
    const copy = join(folder, "copy", "of", "the-project");
    for (const part of ["functions", "lib", "scripts/package", "package.json", "tsconfig.json"])
      await cp(part, join(copy, part), { recursive: true });
    await symlink(resolve("node_modules"), join(copy, "node_modules"));
    const program =
      'import { buildFunctions } from "./scripts/package/build.ts"; await buildFunctions("functions", "dist");';
    await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { cwd: copy });
    const outDir = join(folder, "build-here");
    for (const { name } of await buildFunctions("functions", outDir)) {
      const [here, there] = await Promise.all(
        [outDir, join(copy, "dist")].map((each) => readFile(join(each, `${name}.zip`))),
      );
      expect({ name, isSame: here?.equals(there ?? Buffer.alloc(0)) }).toEqual({ name, isSame: true });
    }
  });

  it("puts one CommonJS module that needs nothing but Node into a zip", async () => {
    const source =
      'import { inspect } from "node:util";\nexport const handler = (event: unknown): string => inspect(event);\n';
    const functionsDir = await writeFunctions("one", { shown: source });
    const [built] = await buildFunctions(functionsDir, join(folder, "one-out"));
    const module = unzip(await readFile(join(folder, "one-out", "shown.zip")));
    expect(built).toMatchObject({ name: "shown", moduleBytes: module.length });
    const file = join(folder, "handler.js");
    await writeFile(file, module);
    const { handler } = (await import(file)) as { handler: (event: unknown) => string };
    expect(handler({ is: 1 })).toBe("{ is: 1 }");
  });

  it("fails where a function has no entry, and leaves nothing to deploy", async () => {
    const functionsDir = await writeFunctions("absent", { there: "export const handler = 1;", absent: undefined });
    const outDir = join(folder, "absent-out");
    await mkdir(outDir);
    await writeFile(join(outDir, "there.zip"), "of an earlier build");
    await expect(buildFunctions(functionsDir, outDir)).rejects.toThrow("There is no handler.ts for: absent");
    expect(await readdir(outDir)).toEqual([]);
  });

  it("fails with the place of a fault in the source", async () => {
    const functionsDir = await writeFunctions("faulty", { faulty: "export const handler = ;" });
    await expect(buildFunctions(functionsDir, join(folder, "faulty-out"))).rejects.toThrow(/handler\.ts:1:\d+/);
  });
});

describe("a zip", () => {
  it("can be read by everybody once Lambda has unpacked it", async () => {
    const zip = await zipOf("handler.js", Buffer.from("exports.handler = 1;"));
    const directory = zip.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
    expect((zip.readUInt32LE(directory + 38) >>> 16).toString(8)).toBe("100644");
  });
});

describe("the command line", () => {
  it("packages dev where no stage is named", () => {
    expect(readOptions([])).toEqual({ stage: "dev", isDeploy: false, params: new Map(), rest: [] });
  });

  it.each([[["--stage", "prod"]], [["--stage=prod"]], [["-s", "prod"]]])("takes the stage from %j", (argv) => {
    expect(readOptions(argv).stage).toBe("prod");
  });

  it("passes everything else on to the framework", () => {
    expect(readOptions(["--deploy", "--stage", "prod", "--param=alarmEmail=a@b.test", "--verbose"])).toEqual({
      stage: "prod",
      isDeploy: true,
      params: new Map([["alarmEmail", "a@b.test"]]),
      rest: ["--param", "alarmEmail=a@b.test", "--verbose"],
    });
  });

  it.each([["--region", "eu-west-1"], ["--region=eu-west-1"], ["-r", "eu-west-1"]])(
    "knows the region that the framework gets from %s",
    (...argv) => {
      const { region, rest } = readOptions(argv);
      expect(region).toBe("eu-west-1");
      expect(rest).toContain("eu-west-1");
    },
  );

  it.each([
    [["--aws-profile", "operator"], "operator"],
    [["--verbose", "--aws-profile=operator"], "operator"],
    [["--verbose"], undefined],
  ])("with %j has the profile %s, as the framework does", (argv, profile) => {
    const { profile: found, rest } = readOptions(argv);
    expect(found).toBe(profile);
    expect(rest.includes("operator")).toBe(profile !== undefined);
  });

  it("takes the last value of a parameter, and what follows the first equals sign, as the framework does", () => {
    const argv = ["--param", "ownerClaim=sub", "--param", "ownerClaim=a=b "];
    expect(readOptions(argv).params).toEqual(new Map([["ownerClaim", "a=b"]]));
  });

  it.each([["--stage"], ["--region"], ["--aws-profile"], ["--param"]])("refuses %s without a value", (argument) => {
    expect(() => readOptions([argument])).toThrow(`${argument} needs a value`);
  });

  it.each([
    ["npm run package --stage prod", ["prod"], { npm_config_stage: "true" }],
    ["npm run package --stage=prod", [], { npm_config_stage: "prod" }],
    ["npm run deploy --region=eu-west-1", ["--deploy"], { npm_config_region: "eu-west-1" }],
    ["npm run deploy -s prod", ["--deploy", "prod"], {}],
    ["npm run package -- --region eu-west-1 prod", ["--region", "eu-west-1", "prod"], {}],
  ])("refuses what npm makes of `%s`: it would be another stage or region", (_, argv, env) => {
    expect(() => readOptions(argv, env)).toThrow(
      "Give options behind `--`, for instance: npm run package -- --stage prod",
    );
  });

  it("leaves options of the framework their values", () => {
    expect(readOptions(["--deploy", "--aws-profile", "captions", "--force"], {}).rest).toEqual([
      ...["--aws-profile", "captions", "--force"],
    ]);
  });
});
