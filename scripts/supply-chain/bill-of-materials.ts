import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ShippedPackage } from "./shipped.ts";

/** CycloneDX, as far as this project reads it. */
export interface BillOfMaterials {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

export interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly licenses?: readonly { readonly license?: { id?: string; name?: string }; readonly expression?: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

const LONGEST_BYTES = 64 * 1024 * 1024;

/** Of every package that is installed, tools and tests included, as npm knows it. Needs no network. */
export const readInstalled = async (): Promise<BillOfMaterials> => {
  const options = { maxBuffer: LONGEST_BYTES };
  const { stdout } = await promisify(execFile)("npm", ["sbom", "--sbom-format", "cyclonedx"], options);
  return JSON.parse(stdout) as BillOfMaterials;
};

const refOf = ({ name, version }: ShippedPackage): string => `${name}@${version}`;

/** A package's name with its scope, which some versions of npm write as the group. */
export const nameOf = ({ group, name }: Component): string => (group === undefined ? name : `${group}/${name}`);

/**
 * Only what ships. Each component says in what: `cielo24-proxy:shipsIn` is `functions` (the zips) or `client` (the package of
 * client and command line), or both.
 *
 * @throws if npm does not know a package that ships
 */
export const onlyShipped = (
  installed: BillOfMaterials,
  shipped: readonly ShippedPackage[],
  project: string,
): BillOfMaterials => {
  const components = shipped.map((each) => {
    const found = installed.components.find((one) => nameOf(one) === each.name && one.version === each.version);
    if (!found) throw new Error(`${refOf(each)} ships, and npm does not list it. Run npm ci.`);
    const shipsIn = each.shipsIn.map((value) => ({ name: "cielo24-proxy:shipsIn", value }));
    return { ...found, properties: [...(found.properties ?? []), ...shipsIn] };
  });
  const root = installed.metadata.component;
  const kept = new Set([root["bom-ref"], ...components.map((each) => each["bom-ref"])]);
  const dependencies = installed.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) }));
  // npm takes the name of the folder.
  return {
    ...installed,
    metadata: { ...installed.metadata, component: { ...root, name: project } },
    components,
    dependencies,
  };
};
