import * as pulumi from "@pulumi/pulumi";

import { readSettings, type SettingsTable, type SettingValues } from "./settings";
import type { Target } from "./target";

/** What a scenario leaves for its users. */
export interface Deployed {
  /** Command lines, by output name: `<scenario>Trigger` and `<scenario>Results`. */
  readonly outputs: Readonly<Record<string, pulumi.Input<string>>>;
  /** ARNs, URLs and names for programs. */
  readonly environment: Readonly<Record<string, unknown>>;
}

/** What a scenario declares about itself. */
export interface Definition<T extends SettingsTable> {
  /** As in functions/, docs/ and the CLI. */
  readonly name: string;
  readonly settings: T;
  /** Creates the scenario's resources as children of `parent`. */
  deploy(context: { target: Target; settings: SettingValues<T>; parent: pulumi.Resource }): Deployed;
}

/** A scenario that the entry point can deploy without knowing its settings. */
export interface Scenario {
  readonly name: string;
  readonly settings: SettingsTable;
  deploy(target: Target, config: pulumi.Config, provider: pulumi.ProviderResource | undefined): Deployed;
}

/** Makes a {@link Scenario} of a definition, with its settings read and checked before anything is created. */
export function scenario<T extends SettingsTable>(definition: Definition<T>): Scenario {
  return {
    name: definition.name,
    settings: definition.settings,
    deploy(target, config, provider) {
      const settings = readSettings(definition.settings, config);
      const parent = new pulumi.ComponentResource(
        `lambench:scenario:${definition.name}`,
        definition.name,
        {},
        provider && { providers: [provider] },
      );
      const deployed = definition.deploy({ target, settings, parent });
      return { ...deployed, environment: { ...deployed.environment, settings } };
    },
  };
}
