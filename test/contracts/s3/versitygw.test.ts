import { it } from "@jest/globals";
import { s3Contract } from "./contract.ts";
import { startVersitygw } from "./start-versitygw.ts";

const NO_CLASSES = "it keeps everything as STANDARD, whatever is asked for";
const UNKNOWN = "it takes what it does not know for the object itself";
const NO_FILE_NAME = "its key is ${filename} as it stands";

/** Where versitygw itself does otherwise than S3, by test. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "are refused when they were signed in the future": "it looks at the expiry alone",
  "If-Modified-Since and If-Unmodified-Since compare with Last-Modified":
    "it compares with the fraction of a second that Last-Modified does not show",
  "If-None-Match: * writes over a delete marker": "it counts a delete marker as an object",
  "under a delete marker show it in the refusal": "its HEAD does not",
  "takes an object for withdrawn under a delete marker, until a newer version comes": "its HEAD shows no delete marker",
  "are not told of an object that nobody asked one for": "it tells STANDARD, too",
  "are told by HEAD, GET and listings where a PUT asked for one": NO_CLASSES,
  "are told of what was uploaded in parts, too": NO_CLASSES,
  "of an archive let HEAD succeed, and refuse GET": NO_CLASSES,
  "of an archive refuse copies, and no other class is copied along": NO_CLASSES,
  "that do not exist are refused": NO_CLASSES,
  "of a key that never was are delete markers, too": "it answers 204 and writes no marker",
  "are listed page by page, none twice and none left out": "it repeats versions across pages",
  "are listed page by page with their keys percent-encoded": "it ignores encoding-type",
  "that are under way are listed page by page": "it does not take the marker back that it gave",
  "cannot be completed twice":
    "it answers 200 again, as S3 itself has been seen to do; S3's documentation says NoSuchUpload, which is harder on clients",
  "of what is not there are refused": "it says NoSuchVersion, though no version was named",
  "for another region are told the right one by HEAD, too":
    "it names the region in the body alone, which a HEAD has not",
  "can be of a key that ends like the header's version": "it decodes the header before it looks for the version",
  "to itself are made with other metadata": "it changes the version that is there, and makes no new one",
  "to itself are made where a storage class is named, be it the same": "it looks at the metadata alone",
  "are refused where a GET would be answered with 304": "it answers 304",
  "take the file's name into the key": NO_FILE_NAME,
  "take the file's name without its folders": NO_FILE_NAME,
  "count up to their file alone": "it reads what comes after the file, too",
  "are taken for as long as their policy says, however long ago it was signed":
    "it refuses what was signed more than an hour ago",
  "are ten at most in a header, too": "it counts those of a document alone",
  "of all kinds leave the object alone: GET": UNKNOWN,
  "of all kinds leave the object alone: HEAD": UNKNOWN,
  "of all kinds leave the object alone: PUT": UNKNOWN,
  "of all kinds leave the object alone: DELETE": UNKNOWN,
  "of all kinds leave the bucket alone": "it answers those that it does not know with a listing",
  "percent-encode keys where that is asked for": "it ignores encoding-type",
  "two slashes names exactly one object": "its keys are paths of a file system",
  "a dot as a piece names exactly one object": "its keys are paths of a file system",
  "two dots as a piece names exactly one object": "its keys are paths of a file system",
  "more than 1,024 bytes is refused": "its limit is the file system's",
};

const binary = process.env["VERSITYGW"];
const how = 'VERSITYGW="$(bash scripts/versitygw.sh)" runs it (needs Go)';

if (binary) s3Contract("versitygw", () => startVersitygw(binary), DIFFERENCES);
else {
  process.stderr.write(`skipped: the S3 contract on versitygw; ${how}\n`);
  it.skip(`the S3 contract on versitygw; ${how}`, () => undefined);
}
