import { nameOf, type BillOfMaterials, type Component } from "./bill-of-materials.ts";

/** What may be in the functions' zips and in the package of the client: licences that let others use, change and pass it on. */
const SHIPPED = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"];

/** What tools and tests may have as well: they are passed on to nobody. */
const DEVELOPMENT = [...SHIPPED, "BlueOak-1.0.0", "CC-BY-4.0", "CC0-1.0", "MPL-2.0", "PSF-2.0", "Python-2.0"];

/** Packages that ship with another licence, or that do not name theirs, each with the reason. */
const EXCEPTIONS: Readonly<Record<string, { readonly licence: string; readonly because: string }>> = {
  mediabunny: {
    licence: "MPL-2.0",
    because: "its own files are unchanged, and what is passed on says where the source is: docs/decisions/packages.md",
  },
  decko: { licence: "", because: "development only (redoc); its file LICENSE is that of MIT" },
  stickyfill: { licence: "", because: "development only (redoc); its file LICENSE is that of MIT" },
  "url-template": { licence: "", because: "development only (redoc); its file LICENSE is that of BSD" },
};

/** As SPDX writes it; empty if the package names none. */
const licenceOf = ({ licenses = [] }: Component): string =>
  licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? "").join(" AND ");

/** Of alternatives, one is enough; of licences that all hold, each must be allowed. */
const isAllowed = (licence: string, allowed: readonly string[]): boolean =>
  licence
    .replaceAll(/[()]/g, "")
    .split(" OR ")
    .some((alternative) => alternative.split(" AND ").every((each) => allowed.includes(each)));

/**
 * What is wrong with the licences, a line for each package; nothing if all is well.
 *
 * @param own names of this project's packages
 */
export const judgeLicences = (
  installed: BillOfMaterials,
  shipped: readonly { readonly name: string; readonly version: string }[],
  own: readonly string[],
): string[] => {
  const ships = new Set(shipped.map(({ name, version }) => `${name}@${version}`));
  const used = new Set<string>();
  const wrong = installed.components.flatMap((component) => {
    const name = nameOf(component);
    if (own.includes(name)) return [];
    const licence = licenceOf(component);
    const exception = EXCEPTIONS[name];
    if (exception?.licence === licence) {
      used.add(name);
      return [];
    }
    const isShipped = ships.has(`${name}@${component.version}`);
    if (isAllowed(licence, isShipped ? SHIPPED : DEVELOPMENT)) return [];
    const has = licence === "" ? "names no licence" : `has the licence ${licence}`;
    return [`${name}@${component.version}, which ${isShipped ? "ships" : "is a tool"}, ${has}`];
  });
  const unused = Object.keys(EXCEPTIONS).filter((name) => !used.has(name));
  return [...wrong, ...unused.map((name) => `the exception for ${name} is no longer needed: remove it`)];
};
