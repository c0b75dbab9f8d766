import { describe, expect, it } from "@jest/globals";
import { compareObjects, type Contents } from "../../../lib/media/sameness.ts";

const ONE = '"0123456789abcdef0123456789abcdef"';
const OTHER = '"fedcba9876543210fedcba9876543210"';
const PARTS = '"0123456789abcdef0123456789abcdef-3"';
const OTHER_PARTS = '"0123456789abcdef0123456789abcdef-4"';

const of = (contents: Contents): Contents => ({ ContentLength: 100, ...contents });
const compare = (one: Contents, other: Contents, isCopy = false) => compareObjects(of(one), of(other), { isCopy });

describe("two objects are the same", () => {
  const same: Record<string, readonly [Contents, Contents]> = {
    "with the same ETag": [{ ETag: ONE }, { ETag: ONE }],
    "with the same ETag of parts": [{ ETag: PARTS }, { ETag: PARTS }],
    "with the same checksum over different parts": [
      { ETag: PARTS, ChecksumCRC64NVME: "a", ChecksumType: "FULL_OBJECT" },
      { ETag: OTHER_PARTS, ChecksumCRC64NVME: "a", ChecksumType: "FULL_OBJECT" },
    ],
    "with the same checksum, one of them in parts": [
      { ETag: ONE, ChecksumSHA256: "a", ChecksumCRC32: "b" },
      { ETag: PARTS, ChecksumCRC32: "b", ChecksumType: "FULL_OBJECT" },
    ],
    "with the same checksum under different keys of KMS": [
      { ETag: ONE, ChecksumCRC32: "a", ServerSideEncryption: "aws:kms" },
      { ETag: OTHER, ChecksumCRC32: "a", ServerSideEncryption: "aws:kms" },
    ],
    "with the same checksum over the same parts": [
      { ETag: PARTS, ChecksumSHA256: "a-3", ChecksumType: "COMPOSITE", ServerSideEncryption: "aws:kms" },
      { ETag: OTHER_PARTS, ChecksumSHA256: "a-3", ChecksumType: "COMPOSITE", ServerSideEncryption: "aws:kms" },
    ],
  };
  it.each(Object.entries(same))("%s", (_, [one, other]) => {
    expect([compare(one, other), compare(other, one)]).toEqual(["same", "same"]);
  });

  const copied: Record<string, readonly [Contents, Contents]> = {
    "that was in parts": [{ ETag: PARTS }, { ETag: ONE }],
    "that got into a key of KMS": [{ ETag: ONE }, { ETag: OTHER, ServerSideEncryption: "aws:kms" }],
    "that got into another key of KMS": [
      { ETag: ONE, ServerSideEncryption: "aws:kms" },
      { ETag: OTHER, ServerSideEncryption: "aws:kms:dsse" },
    ],
    "that got a checksum of another kind": [
      { ETag: PARTS, ChecksumSHA256: "a-3", ChecksumType: "COMPOSITE" },
      { ETag: OTHER_PARTS, ChecksumSHA256: "b", ChecksumType: "FULL_OBJECT" },
    ],
  };
  it.each(Object.entries(copied))("where the latter is a copy of the former %s; otherwise nobody knows", (_, pair) => {
    expect([compare(...pair, true), compare(...pair)]).toEqual(["same", "unknown"]);
  });
});

describe("two objects are not the same", () => {
  const others: Record<string, readonly [Contents, Contents]> = {
    "with different sizes": [{ ETag: ONE }, { ETag: ONE, ContentLength: 101 }],
    "with different MD5s": [{ ETag: ONE }, { ETag: OTHER }],
    "with different MD5s, S3 having its own keys": [
      { ETag: ONE, ServerSideEncryption: "AES256" },
      { ETag: OTHER, ServerSideEncryption: "AES256" },
    ],
    "with different checksums over the whole": [
      { ETag: PARTS, ChecksumCRC64NVME: "a", ChecksumType: "FULL_OBJECT" },
      { ETag: OTHER_PARTS, ChecksumCRC64NVME: "b", ChecksumType: "FULL_OBJECT" },
    ],
    "with different MD5s, though a short checksum is the same": [
      { ETag: ONE, ChecksumCRC32: "a" },
      { ETag: OTHER, ChecksumCRC32: "a" },
    ],
  };
  it.each(Object.entries(others))("%s, whether or not one was copied", (_, pair) => {
    expect([compare(...pair), compare(...pair, true)]).toEqual(["other", "other"]);
  });
});

describe("of two objects nobody knows", () => {
  const unknown: Record<string, readonly [Contents, Contents]> = {
    "with nothing but a size": [{}, {}],
    "that have no size": [
      { ETag: ONE, ContentLength: undefined },
      { ETag: ONE, ContentLength: undefined },
    ],
    "with ETags over different parts": [{ ETag: PARTS }, { ETag: OTHER_PARTS }],
    "of which one is in parts": [{ ETag: PARTS }, { ETag: ONE }],
    "that are encrypted with a key of KMS": [
      { ETag: ONE, ServerSideEncryption: "aws:kms" },
      { ETag: OTHER, ServerSideEncryption: "aws:kms" },
    ],
    "that are encrypted with a client's key": [
      { ETag: ONE, SSECustomerAlgorithm: "AES256" },
      { ETag: OTHER, SSECustomerAlgorithm: "AES256" },
    ],
    "with different checksums over parts": [
      { ETag: PARTS, ChecksumSHA256: "a-3", ChecksumType: "COMPOSITE" },
      { ETag: OTHER_PARTS, ChecksumSHA256: "b-4", ChecksumType: "COMPOSITE" },
    ],
    "with checksums of different kinds": [
      { ETag: PARTS, ChecksumSHA256: "a" },
      { ETag: OTHER_PARTS, ChecksumCRC32: "b" },
    ],
  };
  it.each(Object.entries(unknown))("%s", (_, pair) => {
    expect(compare(...pair)).toBe("unknown");
  });
});
