import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "coverage/", ".local/", "node_modules/"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  {
    files: ["**/*.ts"],
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-restricted-properties": [
        "error",
        { object: "process", property: "env", message: "lib/config.ts is the only reader of the environment." },
      ],
    },
  },
  // What does not ship may read the environment: it takes its own switches from there.
  {
    files: ["dev/**", "conformance/**", "test/**", "bench/**", "scripts/**", "examples/**", "lib/config.ts"],
    rules: { "no-restricted-properties": "off" },
  },
  { files: ["**/*.mjs", "**/*.cjs"], extends: [tseslint.configs.disableTypeChecked] },
  { files: ["**/*.cjs"], languageOptions: { sourceType: "commonjs" } },
);
