import type { Scenario } from "../infra/scenario";
import { archive } from "./archive";
import { aurora } from "./aurora";
import { pipeline } from "./pipeline";

/** Every scenario that a stack may name. */
export const scenarios: readonly Scenario[] = [archive, aurora, pipeline];
