/**
 * Stands in for `@smithy/core/event-streams` in a bundle: no call that a function makes has one. The SDK loads that module by
 * `import()`, so esbuild would make a function of each module that it shares with the rest, leave nothing of them out, and
 * have V8 parse them twice. An import that is missing here fails the build.
 */
export function EventStreamSerde(): never {
  throw new Error("A bundle has no event streams.");
}

/** A setting of a client. Only the resolver that is replaced below would call it. */
export const eventStreamSerdeProvider = () => ({});

/** A client passes its configuration through it. The real one adds a marshaller of event streams. */
export const resolveEventStreamSerdeConfig = <Config>(config: Config): Config => config;
