import type { Families, Places } from "./family.ts";
import { IPV4 } from "./ipv4.ts";
import { IPV6 } from "./ipv6.ts";
import { NAMES } from "./names.ts";
import { ownPlaces } from "./own-places.ts";
import { SPELLINGS } from "./spelling.ts";

/** Every `media_url` that a deployment with these places must refuse, by its trick. */
export const badUrls = (places: Places): Families => ({
  ...IPV4,
  ...IPV6,
  ...NAMES,
  ...SPELLINGS,
  ...ownPlaces(places),
});
