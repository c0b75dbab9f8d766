import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { checkMediaUrl } from "../../../lib/media/media-url.ts";

const PLACES = {
  ownBucket: "captions-media",
  ownHosts: ["api.captions.example", "abc123.execute-api.us-east-1.amazonaws.com"],
};
const check = (text: string) => checkMediaUrl(text, PLACES);

const GOOD = [
  "https://media.example.com/lecture.mp4",
  "https://media.example.com/",
  "https://media.example.com:443/lecture.mp4",
  "HTTPS://Media.Example.com/Lecture.mp4",
  "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
  "https://youtu.be/dQw4w9WgXcQ?t=10",
  "https://vimeo.com/148751763",
  "https://cdnapisec.kaltura.com/p/1/sp/100/playManifest/entryId/0_abc/format/url",
  "https://players.brightcove.net/1/default_default/index.html?videoId=2",
  "https://storage.googleapis.com/some-bucket/a.mp4",
  "https://account.blob.core.windows.net/container/a.mp4?sv=2020&sig=a%2Bb%3D",
  "https://other-bucket.s3.us-east-1.amazonaws.com/a.mp4?X-Amz-Signature=00ff",
  "https://s3.eu-west-1.amazonaws.com/other-bucket/a.mp4",
  "https://other-bucket.s3.amazonaws.com/captions-media.mp4",
  "https://captions-media.example.com/a.mp4",
  "https://media.example.com/captions-media/a.mp4",
  "https://d111111abcdef8.cloudfront.net/a.mp4",
  "https://ec2-54-12-34-56.compute-1.amazonaws.com/a.mp4",
  "https://münchen.example.de/film.mp4",
  "https://xn--mnchen-3ya.example.de/film.mp4",
  "https://例え.テスト.example.jp/a.mp4",
  "https://a.b.c.d.e.example.org/x",
  "https://media_1.example.com/a.mp4",
  "https://example.museum/a.mp4",
  "https://example.xn--p1ai/a.mp4",
  "https://1.example.com/a.mp4",
  "https://10things.example.com/a.mp4",
  "https://version-10-1-2.example.com/a.mp4",
  "https://cdn-8-8-4-4.example.com/a.mp4",
  "https://localhost.example.com/a.mp4",
  "https://internal.example.com/a.mp4",
  "https://home.example.com/a.mp4",
  "https://media.example.com/a%20b%2Fc.mp4",
  "https://media.example.com/a+b.mp4?x=1&y=2",
  "https://media.example.com/http://other.example/a.mp4",
  "https://media.example.com/user@host/a.mp4",
  "https://media.example.com/?q=@x",
  "https://media.example.com/übung.mp4",
  "https://media.example.com./a.mp4",
];

const BAD: Readonly<Record<string, readonly string[]>> = {
  "not https": [
    "",
    "media.example.com/a.mp4",
    "//media.example.com/a.mp4",
    "http://media.example.com/a.mp4",
    "ftp://media.example.com/a.mp4",
    "file:///etc/passwd",
    "data:video/mp4;base64,AAAA",
    "javascript:alert(1)",
    "gopher://media.example.com/",
    "s3://captions-media/a.mp4",
    "blob:https://media.example.com/1",
    "view-source:https://media.example.com/",
    "https:media.example.com/a.mp4",
    "https:/media.example.com/a.mp4",
    "https:///media.example.com/a.mp4",
    "https://?x",
    "https://#x",
    "https://",
    "httpss://media.example.com/",
  ],
  credentials: [
    "https://user:pass@media.example.com/a.mp4",
    "https://user@media.example.com/a.mp4",
    "https://@media.example.com/a.mp4",
    "https://:@media.example.com/a.mp4",
    "https://media.example.com@169.254.169.254/a.mp4",
    "https://media.example.com%40evil.example.com@10.0.0.1/",
  ],
  "spaces, backslashes and control characters": [
    " https://media.example.com/a.mp4",
    "https://media.example.com/a.mp4 ",
    "https://media.example.com/a b.mp4",
    "https://media.example.com/a\tb.mp4",
    "https://media.example.com/a\nb.mp4",
    "https://media.example.com/\r\nHost: x",
    "https://media.example.com/\0",
    "https://media.example.com\\@10.0.0.1/",
    "https:\\\\media.example.com\\a.mp4",
    "https://media.example.com\\.evil.example/",
    "https://media.example.com/\u00a0",
    "https://media.example.com/\u2028",
    "https://media.example.com/\ufeff",
    "https://media.example.com/\u0085",
    "https://media.example.com/\ud800",
    "ht\ntps://media.example.com/",
  ],
  fragments: [
    "https://media.example.com/a.mp4#t=10",
    "https://media.example.com/#",
    "https://media.example.com#@10.0.0.1/",
  ],
  ports: [
    "https://media.example.com:80/a.mp4",
    "https://media.example.com:8443/a.mp4",
    "https://media.example.com:22/",
    "https://media.example.com:0/",
    "https://media.example.com:99999/",
    "https://media.example.com:x/",
  ],
  "IPv4 in any notation": [
    "https://127.0.0.1/",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://172.16.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.100.100.200/latest/meta-data/",
    "https://8.8.8.8/a.mp4",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://0x0/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "https://169.254.43518/",
    "https://127.0.0.1./",
    "https://１２７.０.０.１/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://127．0．0．1/",
    "https://１６９.２５４.１６９.２５４/",
    "https://0X7F.1/",
    "https://%31%32%37.0.0.1/",
    "https://256.256.256.256/",
    "https://1.2.3.4.5/",
    "https://127.0.0.0x1/",
  ],
  IPv6: [
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:a9fe:a9fe]/",
    "https://[fe80::1]/",
    "https://[fd00:ec2::254]/",
    "https://[2001:4860:4860::8888]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[::1%25eth0]/",
    "https://[::1]:443/",
    "https://[2002:7f00:1::]/",
  ],
  "names that mean something in private": [
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://ｌｏｃａｌｈｏｓｔ/",
    "https://lo\u00adcalhost/",
    "https://a.localhost/",
    "https://localhost.localdomain/",
    "https://intranet/",
    "https://wiki.intranet/",
    "https://printer.local/",
    "https://printer.local./",
    "https://router.lan/",
    "https://nas.home/",
    "https://nas.home.arpa/",
    "https://1.0.0.127.in-addr.arpa/",
    "https://db.corp/",
    "https://db.internal/",
    "https://db.private/",
    "https://host.docker.internal/",
    "https://kubernetes.default.svc/",
    "https://kubernetes.default.svc.cluster.local/",
    "https://vault.service.consul/",
    "https://x.onion/",
    "https://x.invalid/",
    "https://x.test/",
    "https://com/",
    "https://com./",
    "https://.com/",
    "https://a..example.com/",
    "https://-a.example.com/",
    "https://a-.example.com/",
    "https://../",
    "https://a.example.com../",
    `https://${"a".repeat(64)}.example.com/`,
    `https://${"a.".repeat(130)}example.com/`,
  ],
  "metadata services": [
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://metadata.google.internal./",
    "https://metadata/",
    "https://instance-data/latest/meta-data/",
    "https://instance-data.ec2.internal/",
    "https://ip-10-0-0-1.ec2.internal/",
    "https://metadata.azure.internal/",
    "https://metadata.tencentyun.com/",
    "https://metadata.packet.net/",
  ],
  "names that hold an address": [
    "https://127.0.0.1.nip.io/",
    "https://10-0-0-1.nip.io/",
    "https://7f000001.nip.io/",
    "https://nip.io/",
    "https://app.169-254-169-254.sslip.io/",
    "https://192.168.1.1.xip.io/",
    "https://127.0.0.1.NIP.io./",
    "https://localtest.me/",
    "https://x.localtest.me/",
    "https://lvh.me/",
    "https://vcap.me/",
    "https://7f000001.a9fea9fe.rbndr.us/",
    "https://make-127.0.0.1-rebind-1.2.3.4.1u.ms/",
    "https://10.0.0.1.example.com/",
    "https://10-0-0-1.example.com/",
    "https://www-192-168-0-1.example.com/",
    "https://169.254.169.254.example.com/",
    "https://ip-172-31-1-2.example.com/",
    "https://100-64-0-1.example.com/",
    "https://192-168-1-1.abcdef.plex.direct/",
  ],
  "our own bucket": [
    "https://captions-media.s3.amazonaws.com/a.mp4",
    "https://captions-media.s3.us-east-1.amazonaws.com/a.mp4",
    "https://CAPTIONS-MEDIA.s3.us-east-1.amazonaws.com/a.mp4",
    "https://captions-media.s3.us-east-1.amazonaws.com./a.mp4",
    "https://captions-media.s3-us-west-2.amazonaws.com/a.mp4",
    "https://captions-media.s3.dualstack.us-east-1.amazonaws.com/a.mp4",
    "https://captions-media.s3-fips.us-east-1.amazonaws.com/a.mp4",
    "https://captions-media.s3-accelerate.amazonaws.com/a.mp4",
    "https://captions-media.s3-accelerate.dualstack.amazonaws.com/a.mp4",
    "https://captions-media.s3-website-us-east-1.amazonaws.com/a.mp4",
    "https://captions-media.s3.cn-north-1.amazonaws.com.cn/a.mp4",
    "https://s3.amazonaws.com/captions-media/a.mp4",
    "https://s3.us-east-1.amazonaws.com/captions-media/a.mp4",
    "https://s3-us-west-2.amazonaws.com/captions-media/a.mp4",
    "https://s3.dualstack.us-east-1.amazonaws.com/captions-media/a.mp4",
    "https://s3.us-east-1.amazonaws.com//captions-media/a.mp4",
    "https://s3.us-east-1.amazonaws.com/./captions-media/a.mp4",
    "https://s3.us-east-1.amazonaws.com/x/../captions-media/a.mp4",
    "https://s3.us-east-1.amazonaws.com/x/%2e%2e/captions-media/a.mp4",
    "https://s3.us-east-1.amazonaws.com/%63aptions-media/a.mp4",
    "https://s3.us-east-1.amazonaws.com/captions-media",
    "https://s3.us-east-1.api.aws/captions-media/a.mp4",
    "https://s3.console.aws.amazon.com/s3/object/captions-media",
    "https://captions-media/a.mp4",
  ],
  ourselves: [
    "https://api.captions.example/api/job/delivery",
    "https://API.captions.example/",
    "https://api.captions.example./media/x",
    "https://ａｐｉ.captions.example/",
    "https://abc123.execute-api.us-east-1.amazonaws.com/health",
  ],
  length: [`https://media.example.com/${"a".repeat(2048)}`, `https://media.example.com/${"ü".repeat(1000)}`],
};

describe("checkMediaUrl", () => {
  it.each(GOOD)("takes %s", (text) => {
    expect(check(text)).toEqual({ url: new URL(text).href });
  });

  for (const [what, texts] of Object.entries(BAD)) {
    it.each(texts)(`threat 8: refuses ${what}: %j`, (text) => {
      expect(check(text)).toEqual({ refused: expect.stringMatching(/^(must|is) [\w ',.:/;-]+$/) });
    });
  }

  it("is judged on at least 100 bad and 30 good URLs", () => {
    expect(Object.values(BAD).flat().length).toBeGreaterThanOrEqual(100);
    expect(GOOD.length).toBeGreaterThanOrEqual(30);
  });

  it("threat 8: takes 2,048 characters and no more", () => {
    const url = (length: number) =>
      `https://media.example.com/${"a".repeat(length - "https://media.example.com/".length)}`;
    expect(check(url(2048))).toHaveProperty("url");
    expect(check(url(2049))).toEqual({ refused: "must be at most 2,048 characters long" });
  });

  it("passes on what was judged: the normalised URL", () => {
    expect(check("HTTPS://MEDIA.example.com:443/a/../b.mp4")).toEqual({ url: "https://media.example.com/b.mp4" });
  });

  it("knows a bucket with dots in its name, and one that is called like a host", () => {
    const places = { ownBucket: "media.captions.example", ownHosts: [] };
    expect(checkMediaUrl("https://media.captions.example/a.mp4", places)).toHaveProperty("refused");
    expect(checkMediaUrl("https://media.captions.example.s3.amazonaws.com/a.mp4", places)).toHaveProperty("refused");
    expect(checkMediaUrl("https://captions.example.s3.amazonaws.com/a.mp4", places)).toHaveProperty("url");
  });

  it("threat 8: refuses every IPv4 address, however its four bytes are written", () => {
    const notation = fc.constantFrom<(byte: number) => string>(
      String,
      (b) => `0x${b.toString(16)}`,
      (b) => `0${b.toString(8)}`,
    );
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), notation, (bytes, write) => {
        expect(check(`https://${bytes.map(write).join(".")}/a.mp4`)).toHaveProperty("refused");
        const whole = bytes.reduce((sum, each) => sum * 256 + each, 0);
        expect(check(`https://${write(whole)}/a.mp4`)).toHaveProperty("refused");
      }),
    );
  });

  it("lets nothing through that does not parse again to the same public host", () => {
    const piece = fc.constantFrom(
      "https://",
      "a.example.com",
      "10.0.0.1",
      "@",
      ":",
      "/",
      "\\",
      "#",
      "?",
      "%2e",
      "[::1]",
      "。",
      "ⓛocalhost",
      ".",
      "x",
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
        const checked = check(pieces.join(""));
        if (!("url" in checked)) return;
        const { hostname, protocol, username, password, hash, port } = new URL(checked.url);
        expect([protocol, username, password, hash, port]).toEqual(["https:", "", "", "", ""]);
        expect(hostname).toMatch(/[a-z]/);
        expect(hostname).not.toMatch(/^\[|localhost\.?$/);
        expect(check(checked.url)).toEqual(checked);
      }),
    );
  });
});
