import { at, type Families } from "./family.ts";

/** What is worth reaching: this machine, its neighbours, the metadata services of clouds, and public hosts by address. */
const ADDRESSES = {
  "this machine": ["127.0.0.1", "127.0.0.2", "127.127.127.127", "127.255.255.254", "0.0.0.0", "0.1.2.3"],
  "private networks": ["10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.254"],
  "shared and link-local": ["100.64.0.1", "100.127.255.254", "169.254.0.1", "169.254.255.254"],
  // AWS, GCP and Azure; ECS tasks; EKS pods; Amazon Time Sync; Azure's host; Alibaba; Oracle's older one.
  "metadata services": [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.169.123",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
  ],
  "of special use": ["192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1"],
  broadcast: ["255.255.255.255"],
  public: ["8.8.8.8", "1.1.1.1", "54.12.34.56"],
} as const satisfies Record<string, readonly string[]>;

type Bytes = readonly [number, number, number, number];
const bytesOf = (address: string): Bytes => address.split(".").map(Number) as unknown as Bytes;
const wholeOf = ([a, b, c, d]: Bytes): number => a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
const hex = (value: number, digits = 0): string => value.toString(16).padStart(digits, "0");
const octal = (value: number, digits = 0): string => value.toString(8).padStart(digits, "0");

const fullWidth = (text: string): string =>
  text.replace(/[0-9.]/g, (character) => (character === "." ? "．" : String.fromCodePoint(0xff10 + Number(character))));
/** ⓪①②… */
const circled = (text: string): string =>
  text.replace(/\d/g, (digit) => (digit === "0" ? "⓪" : String.fromCodePoint(0x2460 + Number(digit) - 1)));
const superscript = (text: string): string => text.replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(Number(digit)));
const mathematical = (text: string): string =>
  text.replace(/\d/g, (digit) => String.fromCodePoint(0x1d7ce + Number(digit)));
const percentEncoded = (text: string): string => text.replace(/\d/g, (digit) => `%3${digit}`);

/** One address in all the notations that some resolver, parser or browser reads. */
const NOTATIONS: Readonly<Record<string, (address: string) => string>> = {
  dotted: (address) => address,
  "dotted, with a dot behind": (address) => `${address}.`,
  "one decimal number": (address) => String(wholeOf(bytesOf(address))),
  "one hexadecimal number": (address) => `0x${hex(wholeOf(bytesOf(address)), 8)}`,
  "one hexadecimal number in capitals": (address) => `0X${hex(wholeOf(bytesOf(address)), 8).toUpperCase()}`,
  "one hexadecimal number with zeros before it": (address) => `0x00000000${hex(wholeOf(bytesOf(address)), 8)}`,
  "one octal number": (address) => `0${octal(wholeOf(bytesOf(address)), 11)}`,
  "hexadecimal bytes": (address) =>
    bytesOf(address)
      .map((byte) => `0x${hex(byte)}`)
      .join("."),
  "octal bytes": (address) =>
    bytesOf(address)
      .map((byte) => `0${octal(byte, 3)}`)
      .join("."),
  "octal bytes with zeros before them": (address) =>
    bytesOf(address)
      .map((byte) => `000000${octal(byte, 3)}`)
      .join("."),
  "mixed bytes": (address) => {
    const [a, b, c, d] = bytesOf(address);
    return `0x${hex(a)}.0${octal(b)}.${c}.0x${hex(d)}`;
  },
  "three parts": (address) => {
    const [a, b, c, d] = bytesOf(address);
    return `${a}.${b}.${c * 256 + d}`;
  },
  "two parts": (address) => {
    const [a, b, c, d] = bytesOf(address);
    return `${a}.${b * 65_536 + c * 256 + d}`;
  },
  "two parts, hexadecimal": (address) => {
    const [a, b, c, d] = bytesOf(address);
    return `0x${hex(a)}.0x${hex(b * 65_536 + c * 256 + d)}`;
  },
  "full-width digits and stops": fullWidth,
  "circled digits": circled,
  "superscript digits": superscript,
  "mathematical digits": mathematical,
  "ideographic full stops": (address) => address.replaceAll(".", "。"),
  "half-width ideographic full stops": (address) => address.replaceAll(".", "｡"),
  "percent-encoded digits": percentEncoded,
  "percent-encoded dots": (address) => address.replaceAll(".", "%2e"),
  "soft hyphens between": (address) => address.replaceAll(".", ".\u00ad"),
};

const allAddresses = Object.values(ADDRESSES).flat();

export const IPV4: Families = {
  ...Object.fromEntries(
    Object.entries(NOTATIONS).map(([notation, write]) => [`IPv4: ${notation}`, at(allAddresses.map(write))]),
  ),
  "IPv4: bytes that overflow, or too many of them": at([
    "256.0.0.1",
    "127.0.0.256",
    "383.0.0.1",
    "4294967296",
    "6425673729",
    "0x17f000001",
    "127.0.0.1.1",
    "1.2.3.4.5",
    "127.65536",
    "127.0.65536",
    "127.16777216",
    "0x7f.0x0.0x0.0x100",
    "00000000000000000000177.1",
    "099.0.0.1",
    "0xg.0.0.1",
    "127.0.0.08",
    "127..0.1",
    ".127.0.0.1",
    "127.0.0.1..",
    "-127.0.0.1",
    "+127.0.0.1",
    "127.0.0.-1",
    "1e9",
    "0x",
    "0x.0x.0x.0x",
  ]),
  "IPv4: short forms": at(["0", "00", "0.0", "127.1", "127.0.1", "10.1", "192.168.1", "0x7f.1", "0177.1", "0x0"]),
  "IPv4: a name that ends like a number": at([
    "a.1",
    "media.example.com.1",
    "a.0x1",
    "media.example.0x7f",
    "1.2.3.a.4",
  ]),
};
