import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/", "target/", ".lambench/", "contenders/", "cli/src/init/templates/"] },
  eslint.configs.recommended,
  {
    // They run in a browser, inside a page.
    files: ["cli/src/{html,live}/*.js"],
    languageOptions: {
      sourceType: "script",
      globals: { document: "readonly", EventSource: "readonly", location: "readonly" },
    },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // Components register themselves with the engine by being constructed.
      "no-new": "off",
    },
  },
);
