import { createClient, type Client } from "../../../client/index.ts";

export interface FileMeta {
  job_id: string;
  [key: string]: unknown;
}

/** The methods that are used here, which all versions of Uppy have. */
interface Uppy {
  addFile(file: { name: string; type: string; data: Blob; meta: FileMeta }): string;
  upload(): Promise<unknown>;
  pauseAll(): void;
  resumeAll(): void;
  cancelAll(): void;
  on(event: "upload-success", listener: () => void): unknown;
  on(event: "upload-error", listener: (file: unknown, error: { readonly message: string }) => void): unknown;
}

export const byId = (id: string): HTMLElement => document.getElementById(id) ?? document.body;

const read = async (path: string): Promise<string> => (await fetch(path)).text();

/** An application with its own Uppy: a chosen file is uploaded at once, for the job in the address. */
export const startPage = async (createUppy: (client: Client) => Uppy): Promise<void> => {
  const uppy = createUppy(createClient({ baseUrl: await read("api-url"), token: () => read("token") }));
  const state = byId("state");
  uppy.on("upload-success", () => {
    state.textContent = "uploaded";
  });
  uppy.on("upload-error", (_file, { message }) => {
    state.textContent = message;
  });
  const file = byId("file") as HTMLInputElement;
  file.addEventListener("change", () => {
    const [data] = file.files ?? [];
    if (!data) return;
    uppy.addFile({ name: data.name, type: data.type, data, meta: { job_id: location.hash.slice(1) } });
    void uppy.upload();
  });
  byId("pause").addEventListener("click", () => {
    uppy.pauseAll();
  });
  byId("resume").addEventListener("click", () => {
    uppy.resumeAll();
  });
  byId("cancel").addEventListener("click", () => {
    uppy.cancelAll();
  });
  // For the tests, which call what has no button here.
  Object.assign(globalThis, { uppy });
  state.textContent = "ready";
};
