/**
 * What Uppy says on this page, where its own words would say something else. A file that is uploaded is not complete: it
 * may still not be delivered, which only the list beside it tells.
 */
export const UPPY_WORDS = {
  // Notices
  exceedsSize: "%{file} is too large: cielo24 takes up to %{size}. Cut it, or compress it.",
  noDuplicates: "%{fileName} is in the list already.",
  failedToUpload: "%{file} is not uploaded.",
  noInternetConnection: "You are offline.",
  connectedToInternet: "The network is back.",
  // Files
  dashboardTitle: "Files to upload",
  removeFile: "Remove %{file}",
  uploadComplete: "Uploaded",
  complete: "Uploaded",
  uploadFailed: "Not uploaded",
  error: "Not uploaded",
  sessionRestored: "Session restored",
  recoveredAllFiles: "All files are here again. You can now resume the upload.",
};

const MOST_NAMES = 3;

/** What the Dashboard says of restored files whose bytes the browser could not keep. Uppy's own words name none of them. */
export const chooseAgain = (names: readonly string[]): string => {
  const more = names.length > MOST_NAMES ? [`${names.length - MOST_NAMES} more`] : [];
  const all = new Intl.ListFormat("en-GB").format([...names.slice(0, MOST_NAMES), ...more]);
  const them = names.length === 1 ? "it" : "them";
  return `Choose ${all} again, and resume the upload: the browser could not keep ${them}.`;
};
