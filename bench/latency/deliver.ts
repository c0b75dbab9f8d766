import { handler } from "../../functions/deliver-media/handler.ts";
import { handleEvents } from "./invocations.ts";

/** deliver-media as it is deployed: its own handler, in the process's environment. */
handleEvents(handler);
