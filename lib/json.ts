/** The value of a JSON text; undefined if it is not JSON. The parser's error quotes the text, so it is dropped. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
