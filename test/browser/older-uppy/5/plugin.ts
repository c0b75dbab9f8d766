import Uppy from "@uppy/core";
import Cielo24 from "../../../../client/uppy/index.ts";
import { byId, startPage, type FileMeta } from "../page.ts";

await startPage((client) =>
  new Uppy<FileMeta, Record<string, unknown>>().use(Cielo24, { client }).on("cielo24-delivery", (_file, { taskId }) => {
    byId("task").textContent = taskId ?? "";
  }),
);
