import type { Readable } from "node:stream";

/** Everything that a process has written so far. */
export const createTranscript = (...streams: readonly Readable[]) => {
  let text = "";
  const looks = new Set<() => void>();
  for (const stream of streams)
    stream.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      for (const look of looks) look();
    });
  const appears = (words: string): Promise<boolean> =>
    new Promise((resolve) => {
      const look = () => {
        if (!text.includes(words)) return;
        looks.delete(look);
        resolve(true);
      };
      looks.add(look);
      look();
    });
  return {
    text: () => text,
    /** Resolves once the text contains the words. @throws if the process ends without them */
    shows: async (words: string, ended: Promise<unknown>): Promise<void> => {
      const isThere = await Promise.race([appears(words), ended.then(() => text.includes(words))]);
      if (!isThere) throw new Error(`It ended without showing "${words}":\n${text}`);
    },
  };
};
