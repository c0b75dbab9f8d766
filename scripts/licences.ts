import { globSync, readFileSync } from "node:fs";
import { readInstalled } from "./supply-chain/bill-of-materials.ts";
import { judgeLicences } from "./supply-chain/licences.ts";
import { listShipped } from "./supply-chain/shipped.ts";

/**
 * `npm run check:licences`: fails where a package has a licence that is not on the list. What ships is held to a short list,
 * tools and tests to a longer one; both are in `supply-chain/licences.ts`.
 */

const { workspaces } = JSON.parse(readFileSync("package.json", "utf8")) as { workspaces: string[] };
// npm names a package without a name after its folder.
const own = workspaces.flatMap((each) => globSync(each)).map((folder) => folder.split("/").at(-1) ?? "");
const [installed, shipped] = await Promise.all([readInstalled(), listShipped()]);
const wrong = judgeLicences(installed, shipped, own);
for (const each of wrong) console.error(each);
if (wrong.length > 0) {
  console.error("Replace the package, or allow it with a reason: scripts/supply-chain/licences.ts");
  process.exitCode = 1;
} else
  console.log(
    `${shipped.length} packages ship, ${installed.components.length} are installed: all licences are allowed`,
  );
