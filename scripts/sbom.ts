import { mkdir, readFile, writeFile } from "node:fs/promises";
import { onlyShipped, readInstalled } from "./supply-chain/bill-of-materials.ts";
import { listShipped } from "./supply-chain/shipped.ts";

/**
 * `npm run sbom`: the software bill of materials of what ships, in CycloneDX, as `dist/sbom.cdx.json`. It holds the packages of
 * which some code is in a function's zip or in the package of the client, with the hashes of the lockfile. Needs no network.
 */

const FILE = "dist/sbom.cdx.json";

const { name } = JSON.parse(await readFile("package.json", "utf8")) as { name: string };
const [installed, shipped] = await Promise.all([readInstalled(), listShipped()]);
const sbom = onlyShipped(installed, shipped, name);
await mkdir("dist", { recursive: true });
await writeFile(FILE, `${JSON.stringify(sbom, undefined, 2)}\n`);
console.log(`${FILE}: ${sbom.components.length} packages`);
