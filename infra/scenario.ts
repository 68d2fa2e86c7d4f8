import * as pulumi from "@pulumi/pulumi";

import { type Configurable, readSettings } from "./configuration";
import { settingRanges, type SettingsTable, type SettingValues } from "./settings";
import type { Target } from "./target";

/** What a scenario leaves for its users. */
export interface Deployed {
  /** Command lines, by output name: `<scenario>Trigger` and `<scenario>Results`. */
  readonly outputs: Readonly<Record<string, pulumi.Input<string>>>;
  /** ARNs, URLs, names and constants for programs. */
  readonly environment: Readonly<Record<string, unknown>>;
}

/** Where a scenario's resources belong. */
export interface DeployContext {
  readonly target: Target;
  /**
   * What their names on AWS start with: `<project>-<stack>-<scenario>`. In the stack they have names without it, since
   * Pulumi knows them by the project, the stack and the types of their parents as well: the scenario's type is one of its own.
   */
  readonly name: string;
  readonly parent: pulumi.Resource;
}

/** What a scenario declares about itself. */
export interface Definition<T extends SettingsTable> extends Configurable<T> {
  /** Stops the program where settings don't go together. */
  check?(settings: SettingValues<T>): void;
  /** Creates the scenario's resources as children of the context's `parent`. */
  deploy(context: DeployContext & { readonly settings: SettingValues<T> }): Deployed;
}

/** Creates a scenario's resources, with its settings read and checked. */
export type Deployment = (target: Target, provider: pulumi.ProviderResource | undefined) => Deployed;

/** A scenario that the program can deploy without knowing its settings. */
export interface Scenario extends Configurable {
  /**
   * Reads and checks the settings, before anything is created.
   * @param deployed all scenarios of the stack, this one among them
   */
  configure(config: pulumi.Config, deployed: readonly Configurable[]): Deployment;
}

/** Makes a {@link Scenario} of a definition. */
export function scenario<T extends SettingsTable>(definition: Definition<T>): Scenario {
  return {
    name: definition.name,
    settings: definition.settings,
    configure(config, deployed) {
      const settings = readSettings(definition, config, deployed);
      definition.check?.(settings);
      return (target, provider) => deploy(definition, settings, target, provider);
    },
  };
}

function deploy<T extends SettingsTable>(
  definition: Definition<T>,
  settings: SettingValues<T>,
  target: Target,
  provider: pulumi.ProviderResource | undefined,
): Deployed {
  const logGroups: string[] = [];
  const parent = new pulumi.ComponentResource(
    `lambench:scenario:${definition.name}`,
    definition.name,
    {},
    {
      ...(provider && { providers: [provider] }),
      // Whatever the scenario declares below it: no function is forgotten.
      transformations: [
        ({ type, props }) => {
          if (type === "aws:cloudwatch/logGroup:LogGroup") logGroups.push((props as { name: string }).name);
          return undefined;
        },
      ],
    },
  );
  const name = `${target.project}-${target.stack}-${definition.name}`;
  const { outputs, environment } = definition.deploy({ target, name, parent, settings });
  return {
    outputs,
    environment: {
      ...environment,
      logGroups: Object.fromEntries(
        logGroups.sort().map((group) => [shortName(group, target, definition), group]),
      ),
      settings,
      settingRanges: settingRanges(definition.settings),
    },
  };
}

/** What people call a function, by its log group: `upstream` of `/aws/lambda/lambench-dev-pipeline-upstream`. */
function shortName(
  logGroup: string,
  { project, stack }: Target,
  scenario: { readonly name: string },
): string {
  const name = logGroup.slice(`/aws/lambda/${project}-${stack}-`.length);
  return name.startsWith(`${scenario.name}-`) ? name.slice(scenario.name.length + 1) : name;
}
