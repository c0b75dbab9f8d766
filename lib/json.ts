/** The value of a JSON text; undefined where it is none. JSON's own errors quote the text, so they are dropped. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
