/** A running S3 server with one empty, versioned bucket that pages of {@link ALLOWED_ORIGIN} may use. */
export interface S3Server {
  /** Without a slash at its end; buckets are addressed by path. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly bucket: string;
  readonly close: () => Promise<void>;
}

export const ALLOWED_ORIGIN = "https://app.example";
