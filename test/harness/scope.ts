/** Every scope but an admin's. */
export const SCOPE = "media.write media.read metadata.write";
