import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { judgeAudit, parseAllowed, parseReport } from "./supply-chain/audit.ts";
import { listShipped } from "./supply-chain/shipped.ts";

/**
 * `npm run check:packages`: fails where a package has a known weakness: of what ships, a severe one; of tools and tests, a
 * critical one. `audit-allowed.json` has those that are accepted, each with a reason and a last day. A registry without an
 * audit service cannot be asked: then it says so, and passes.
 */

const ALLOWED = new URL("audit-allowed.json", import.meta.url);
const LONGEST_BYTES = 64 * 1024 * 1024;

const allowed = parseAllowed(readFileSync(ALLOWED, "utf8"));
const { stdout } = spawnSync("npm", ["audit", "--json"], { encoding: "utf8", maxBuffer: LONGEST_BYTES });
const report = parseReport(stdout);
if (!report) console.error("not audited: the registry has no audit service, or it did not answer");
else {
  const shipped = new Set((await listShipped()).map(({ name }) => name));
  const open = judgeAudit(report, allowed, { shipped, now: Date.now() });
  for (const each of open) console.error(each);
  if (open.length > 0) {
    console.error("Update the package, or allow the advisory with a reason and a last day: scripts/audit-allowed.json");
    process.exitCode = 1;
  } else console.log(`${shipped.size} packages ship; no weakness that is not allowed`);
}
