import { describe, expect, it } from "@jest/globals";
import { ConfigError, readAwsEnvironment, readConfig, assertNoNodeDebugging } from "../../lib/config.ts";

describe("the configuration", () => {
  it("reads the named variables and leaves the others alone", () => {
    expect(readConfig({ TABLE_NAME: "deliveries" }, "tableName", "ownerClaim")).toEqual({
      tableName: "deliveries",
      ownerClaim: "sub",
    });
  });

  it("names the variable that is absent", () => {
    expect(() => readConfig({}, "bucketName")).toThrow("Environment variable BUCKET_NAME is not set.");
  });

  it.each([
    ["CIELO24_BASE_URL", "cielo24BaseUrl", "http://api.example.org"],
    ["CIELO24_BASE_URL", "cielo24BaseUrl", "https://user:hunter2hunter2@api.example.org"],
    ["CIELO24_BASE_URL", "cielo24BaseUrl", "not a url"],
    ["UPLOAD_URL_LIFETIME_S", "uploadUrlLifetimeS", "3601"],
    ["MAX_MEDIA_BYTES", "maxMediaBytes", "10737418240"],
    ["SETTLE_S", "settleS", "1e3"],
    ["RESEND_AFTER_UNKNOWN", "resendAfterUnknown", "yes"],
    ["DELIVERY_MODE", "deliveryMode", "push"],
    ["DROP_SETTLE_S", "dropSettleS", "901"],
    ["TRUNCATED_PATIENCE_S", "truncatedPatienceS", "43201"],
    ["PREFLIGHT", "preflight", "strict"],
    ["LONGEST_WAIT_S", "longestWaitS", "21"],
    ["REQUIRE_AUDIO", "requireAudio", "always"],
    ["MAX_MEDIA_DURATION_S", "maxMediaDurationS", "604801"],
  ] as const)("refuses %s=… for %s without printing the value", (variable, name, value) => {
    const read = () => readConfig({ [variable]: value }, name);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(variable);
    expect(read).not.toThrow(new RegExp(value.slice(0, 30).replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")));
  });

  it("takes credentials from the environment, with the token of their session if they have one", () => {
    const env = { AWS_ACCESS_KEY_ID: "AKIDTEST", AWS_SECRET_ACCESS_KEY: "secret" };
    const credentials = { accessKeyId: "AKIDTEST", secretAccessKey: "secret" };
    expect(readAwsEnvironment(env, "S3").credentials).toEqual(credentials);
    expect(readAwsEnvironment({ ...env, AWS_SESSION_TOKEN: "of a session" }, "S3").credentials).toEqual({
      ...credentials,
      sessionToken: "of a session",
    });
  });

  it.each(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])("names %s where it is absent", (variable) => {
    const env = { AWS_ACCESS_KEY_ID: "AKIDTEST", AWS_SECRET_ACCESS_KEY: "secret", [variable]: "" };
    expect(() => readAwsEnvironment(env, "SQS")).toThrow(`Environment variable ${variable} is not set.`);
  });

  it("threat 2: allows plain http on loopback alone", () => {
    expect(readConfig({ CIELO24_BASE_URL: "http://127.0.0.1:8080/" }, "cielo24BaseUrl")).toEqual({
      cielo24BaseUrl: "http://127.0.0.1:8080",
    });
  });

  it.each([
    { NODE_DEBUG: "net" },
    { NODE_DEBUG: "ours" },
    { NODE_OPTIONS: "--enable-source-maps --trace-events-enabled" },
    { NODE_OPTIONS: "--trace-tls" },
    { NODE_OPTIONS: "--report-on-signal" },
    { NODE_OPTIONS: "--inspect-brk=0" },
    { NODE_OPTIONS: "--heapsnapshot-near-heap-limit=1" },
    { NODE_OPTIONS: "--heap-prof" },
    { NODE_OPTIONS: "--tls-keylog=/tmp/keys" },
  ])("threat 1: refuses an environment in which Node writes credentials down: %j", (env) => {
    expect(() => {
      assertNoNodeDebugging(env);
    }).toThrow(new RegExp(`^Environment variable ${Object.keys(env)[0] ?? ""} must not`));
  });

  it.each([{}, { NODE_DEBUG: "" }, { NODE_OPTIONS: "--enable-source-maps --max-old-space-size=400 --trace-warnings" }])(
    "allows Node's other switches: %j",
    (env) => {
      expect(() => {
        assertNoNodeDebugging(env);
      }).not.toThrow();
    },
  );
});
