import fc from "fast-check";
import type { Case } from "./case.ts";
import type { Population } from "./population.ts";

/** Requests for which there is no route; the gateway says so, with a token and without. */
export const noRoute = (population: Population): fc.Arbitrary<Case> =>
  fc
    .tuple(
      fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"),
      fc.oneof(
        fc.constantFrom(
          "/",
          "/api",
          "/api/job",
          "/api/job/",
          "/api/job/add_media/",
          "/api/job/ADD_MEDIA",
          "/api//job/add_media",
          "/api/job/get_caption",
          "/api/account/login",
          "/health/",
          "/healthz",
          "/media/x",
          "/media//a.mp4",
          "/media/x/y/z",
          "/__proto__",
          "/constructor/prototype/x",
          "/.env",
          "/%00",
          "/%",
          "/%ff/%fe",
        ),
        fc.webPath().filter((path) => /^\/(?!\/|api\/job|health|media)/.test(path)),
      ),
      fc.boolean(),
    )
    .map(([method, target, isAuthorized]) => ({
      what: `${method} ${target}: no such route`,
      request: {
        method,
        target,
        headers: isAuthorized ? { authorization: `Bearer ${population.tokens.alice}` } : {},
      },
      expected: { status: 404 },
    }));
